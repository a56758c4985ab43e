// What VS Code says in `initialize`: `record.mjs FOLDER FILE RECORDED`.

import { access } from "node:fs/promises";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";

import { open } from "./workbench.mjs";

const [folder, file, recorded] = process.argv.slice(2);
const program = fileURLToPath(new URL("../record/recorder.py", import.meta.url));
const work = await mkdtemp(join(tmpdir(), "rubric-vscode-"));
const workbench = await open({ work, folder, file, program, environment: { RUBRIC_RECORD: recorded } });
try {
  for (let tries = 0; tries < 150; tries += 1) {
    if (await access(recorded).then(() => true, () => false)) break;
    await sleep(200);
  }
} finally {
  await workbench.close();
  await rm(work, { recursive: true, force: true });
}
