// VS Code with the packaged extension, shown by a headless Chromium.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { createRequire } from "node:module";
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { chromium } from "playwright-core";

const extension = fileURLToPath(new URL("../../vscode/rubric.vsix", import.meta.url));
const code = createRequire(import.meta.url).resolve("code-server/out/node/entry.js");

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** Opens a file of a folder; the extension starts `program`. `work` is a folder for what the editor writes. */
export async function open({ work, folder, file, program, environment = {} }) {
  const data = join(work, "data");
  await mkdir(join(data, "User"), { recursive: true });
  const settings = {
    "rubric.server.path": program,
    "rubric.server.environment": environment,
    "editor.hover.delay": 50,
    "extensions.ignoreRecommendations": true,
    "git.enabled": false,
    "security.workspace.trust.enabled": false,
    "telemetry.telemetryLevel": "off",
    "workbench.startupEditor": "none",
  };
  await writeFile(join(data, "User", "settings.json"), JSON.stringify(settings));
  await writeFile(join(work, "config.yaml"), "auth: none\n");
  const common = ["--config", join(work, "config.yaml"), "--user-data-dir", data, "--extensions-dir", join(work, "extensions")];
  const options = { env: { ...process.env, HOME: work }, stdio: "ignore" };
  const [installed] = await once(spawn(process.execPath, [code, ...common, "--install-extension", extension], options), "exit");
  if (installed !== 0) throw new Error(`${extension} cannot be installed: run \`npm run package\` in editors/vscode`);

  const address = `127.0.0.1:${await freePort()}`;
  const flags = ["--bind-addr", address, "--disable-telemetry", "--disable-update-check", "--disable-workspace-trust"];
  const server = spawn(process.execPath, [code, ...common, ...flags], { ...options, detached: true });
  let browser;
  const close = async () => {
    await browser?.close();
    // With the processes that it started.
    try {
      process.kill(-server.pid);
    } catch {
      // It has ended.
    }
  };
  try {
    for (let tries = 0; !(await fetch(`http://${address}/healthz`).catch(() => undefined))?.ok; tries += 1) {
      if (tries > 100) throw new Error("code-server does not answer");
      await sleep(200);
    }
    browser = await chromium.launch({
      executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
      args: ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-sync"],
    });
    const page = await browser.newPage({ viewport: { width: 1300, height: 1500 } });
    const opened = new URL(`http://${address}/`);
    const uri = `vscode-remote://${address}${file.split("/").map(encodeURIComponent).join("/")}`;
    opened.searchParams.set("folder", folder);
    opened.searchParams.set("payload", JSON.stringify([["openFile", uri]]));
    await page.goto(opened.href);
    await page.locator(".monaco-editor .view-lines").first().waitFor({ timeout: 60_000 });
    return { page, close };
  } catch (error) {
    await close();
    throw error;
  }
}
