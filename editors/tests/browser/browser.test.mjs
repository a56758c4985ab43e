// A writer in a browser: CodeMirror with its language client, in a real Chromium, on the real server.
//
// RUBRIC_PROGRAM: the server; CHROMIUM: the browser. Screenshots are kept in `../results`.

import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";

import { build } from "esbuild";
import { chromium } from "playwright-core";

import { bridge } from "./bridge.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const results = join(here, "..", "results");
const program = process.env.RUBRIC_PROGRAM;
assert.ok(program, "RUBRIC_PROGRAM names the server");

let work, bridged, pages, browser, page, capabilities;

before(async () => {
  await mkdir(results, { recursive: true });
  work = await mkdtemp(join(tmpdir(), "rubric-browser-"));
  const project = join(work, "é 50% project");
  await cp(join(here, "..", "project"), project, { recursive: true });
  const bundle = await build({
    entryPoints: [join(here, "page.mjs")],
    bundle: true,
    format: "iife",
    write: false,
    logLevel: "error",
  });
  const html = `<!doctype html><meta charset="utf-8"><title>Rubric</title>
    <style>body { font: 15px sans-serif } .cm-editor { height: 660px; border: 1px solid #aaa }</style>
    <div id="editor"></div><script src="/page.js"></script>`;
  pages = createServer((request, response) => {
    const script = request.url === "/page.js";
    response.setHeader("content-type", `${script ? "text/javascript" : "text/html"}; charset=utf-8`);
    response.end(script ? bundle.outputFiles[0].text : html);
  });
  await new Promise((resolve) => pages.listen(0, "127.0.0.1", resolve));
  bridged = await bridge(program, project);
  browser = await chromium.launch({
    executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
    args: [
      "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
      "--disable-component-update", "--disable-sync",
    ],
  });
  page = await browser.newPage({ viewport: { width: 1000, height: 700 } });
  page.on("pageerror", (error) => console.error(`page: ${error.message}`));
  await page.goto(`http://127.0.0.1:${pages.address().port}/`);
  const file = join(project, "policies", "school", "promotion.rubric");
  capabilities = await page.evaluate((given) => window.start(given), {
    address: bridged.address,
    root: pathToFileURL(project).href,
    uri: pathToFileURL(file).href,
    text: await readFile(file, "utf8"),
  });
});

after(async () => {
  await browser?.close();
  bridged?.close();
  pages?.close();
  if (work) await rm(work, { recursive: true, force: true });
});

/** Whether the server says that it can; when not, the test is skipped, or fails if RUBRIC_STRICT is set. */
function advertised(capability, context) {
  if (capabilities[capability]) return true;
  assert.ok(!process.env.RUBRIC_STRICT, `the server does not advertise ${capability}`);
  context.skip(`the server does not advertise ${capability}`);
  return false;
}

/** Puts the caret behind the first place of a text. */
async function behind(text) {
  const at = await page.evaluate((wanted) => {
    const found = window.view.state.doc.toString().indexOf(wanted);
    if (found >= 0) {
      window.view.dispatch({ selection: { anchor: found + wanted.length }, scrollIntoView: true });
      window.view.focus();
    }
    return found;
  }, text);
  assert.ok(at >= 0, `\`${text}\` is in the text`);
}

test("a mistake that is typed gets a squiggle", async () => {
  assert.equal(await page.locator(".cm-lintRange-error").count(), 0, "right at the start");
  await behind("when reads_well");
  await page.keyboard.press("Backspace");
  await page.locator(".cm-lintRange-error").first().waitFor({ timeout: 20_000 });
  assert.equal(await page.locator(".cm-lintRange-error").first().innerText(), "reads_wel");
});

test("the squiggle says on hover what is wrong", async () => {
  await page.locator(".cm-lintRange-error").first().hover();
  const shown = page.locator(".cm-tooltip-lint");
  await shown.waitFor({ timeout: 20_000 });
  assert.match(await shown.innerText(), /reads_wel/);
  await page.screenshot({ path: join(results, "squiggle.png") });
});

test("the squiggle goes when the text is right", async () => {
  await page.mouse.move(2, 2);
  await behind("when reads_wel");
  await page.keyboard.type("l");
  await page.keyboard.press("Escape");
  await page.waitForFunction(() => document.querySelector(".cm-lintRange-error") === null, null, { timeout: 20_000 });
});

test("a name says on hover what it is", async (context) => {
  if (!advertised("hoverProvider", context)) return;
  const place = await page.evaluate(() => {
    const text = window.view.state.doc.toString();
    window.view.dispatch({ selection: { anchor: text.indexOf(">= passing_level") }, scrollIntoView: true });
    const box = window.view.coordsAtPos(text.indexOf(">= passing_level") + 6);
    return { x: box.left, y: (box.top + box.bottom) / 2 };
  });
  await page.mouse.move(place.x, place.y, { steps: 4 });
  const shown = page.locator(".cm-lsp-hover-tooltip");
  await shown.waitFor({ timeout: 20_000 });
  assert.match(await shown.innerText(), /passing_level[\s\S]*count/);
  await page.screenshot({ path: join(results, "hover.png") });
  await page.mouse.move(2, 2);
});

test("a name is completed", async (context) => {
  if (!advertised("completionProvider", context)) return;
  await behind("when english_learner");
  await page.keyboard.type(" and reads_w");
  const offered = page.locator(".cm-tooltip-autocomplete li");
  await offered.filter({ hasText: "reads_well" }).first().waitFor({ timeout: 20_000 });
  await page.screenshot({ path: join(results, "completion.png") });
  await page.waitForTimeout(200); // The editor takes no key for a list that has just appeared.
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => window.view.state.doc.toString().includes("english_learner and reads_well\n"));
});
