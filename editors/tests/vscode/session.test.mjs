// A writer in VS Code: the packaged extension, in the real workbench, on the real server.
//
// RUBRIC_PROGRAM: the server; CHROMIUM: the browser. Screenshots are kept in `../results`.

import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { open } from "./workbench.mjs";

const here = fileURLToPath(new URL(".", import.meta.url));
const results = join(here, "..", "results");
const program = process.env.RUBRIC_PROGRAM;
assert.ok(program, "RUBRIC_PROGRAM names the server");
const WAIT = { timeout: 30_000 };

let work, project, file, workbench, page;

before(async () => {
  await mkdir(results, { recursive: true });
  work = await mkdtemp(join(tmpdir(), "rubric-vscode-"));
  project = join(work, "é 50% project");
  await cp(join(here, "..", "project"), project, { recursive: true });
  file = join(project, "policies", "school", "promotion.rubric");
  workbench = await open({ work, folder: project, file, program });
  page = workbench.page;
});

after(async () => {
  await workbench?.close();
  if (work) await rm(work, { recursive: true, force: true });
});

/** Puts the caret at a line and column, both counted from 1. */
async function goTo(line, column) {
  await page.locator(".monaco-editor .view-lines").first().click();
  await page.keyboard.press("Control+g");
  await page.locator(".quick-input-widget input[type=text]").first().waitFor(WAIT);
  await page.keyboard.type(`${line}:${column}`);
  await page.keyboard.press("Enter");
}

/** Where the first place of a text ends. */
async function behind(text) {
  const lines = (await readFile(file, "utf8")).split("\n");
  const line = lines.findIndex((it) => it.includes(text));
  assert.ok(line >= 0, `\`${text}\` is in the file`);
  return [line + 1, lines[line].indexOf(text) + text.length + 1];
}

const lens = (text) => page.locator(".codelens-decoration", { hasText: text }).first();

test("lenses say what tests and sample records come to", async () => {
  await lens("run test: passes").waitFor(WAIT);
  await lens("overridden by 1").waitFor(WAIT);
  await lens("decides 1 of 3").waitFor(WAIT);
  assert.equal(await page.locator(".squiggly-error").count(), 0, "right at the start");
});

test("a mistake that is typed gets a squiggle, which says what is wrong", async () => {
  await goTo(...(await behind("when reads_well")));
  await page.keyboard.press("Backspace");
  await page.locator(".squiggly-error").first().waitFor(WAIT);
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("Control+k");
  await page.keyboard.press("Control+i");
  const hover = page.locator(".monaco-hover", { hasText: "reads_wel" }).first();
  await hover.waitFor(WAIT);
  assert.match(await hover.innerText(), /unknown-name/);
  await page.screenshot({ path: join(results, "vscode-squiggle.png") });
  await page.keyboard.press("Escape");
});

test("its fix is applied", async () => {
  await page.keyboard.press("Control+.");
  await page.locator(".action-widget", { hasText: "reads_well" }).first().waitFor(WAIT);
  await page.keyboard.press("Enter");
  await page.locator(".squiggly-error").first().waitFor({ state: "detached", ...WAIT });
  await page.keyboard.press("Control+s");
  const project = join(here, "..", "project", "policies", "school", "promotion.rubric");
  await page.locator(".tab.active:not(.dirty)").first().waitFor(WAIT);
  assert.equal(await readFile(file, "utf8"), await readFile(project, "utf8"), "saved and formatted as it was");
});

test("a name is renamed in every file", async () => {
  await goTo(...(await behind("= reading_level")));
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("F2");
  const box = page.locator(".rename-box input").first();
  await box.waitFor(WAIT);
  await box.fill("level_read");
  await page.keyboard.press("Enter");
  await page.locator(".view-line", { hasText: "= level_read >= passing_level" }).first().waitFor(WAIT);
  await page.keyboard.press("Control+k");
  await page.keyboard.press("s");
  const records = join(project, "policies", "school", "records.rubric");
  for (let tries = 0; !(await readFile(records, "utf8")).includes("level_read: count?"); tries += 1) {
    assert.ok(tries < 100, "the record's file is saved with the new name");
    await page.waitForTimeout(100);
  }
});

test("explain opens the derivation", async () => {
  await page.locator(".codelens-decoration a", { hasText: "explain" }).first().click();
  await page.locator(".tab", { hasText: "below the passing level" }).first().waitFor(WAIT);
  await page.waitForTimeout(1500);
  await page.screenshot({ path: join(results, "vscode.png") });
});
