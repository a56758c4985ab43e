import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { commandLine } from "../src/tasks";

const root = join(__dirname, "..", "..");
const read = (file: string): string => readFileSync(join(root, file), "utf8");

interface Manifest {
  readonly icon: string;
  readonly contributes: {
    readonly commands: readonly { readonly command: string }[];
    readonly languages: readonly { readonly configuration: string }[];
    readonly grammars: readonly { readonly path: string; readonly scopeName: string }[];
    readonly snippets: readonly { readonly path: string }[];
    readonly configuration: { readonly properties: Record<string, { readonly default: unknown }> };
    readonly problemMatchers: readonly { readonly pattern: { readonly regexp: string } }[];
    readonly walkthroughs: readonly { readonly steps: readonly { readonly description: string; readonly media: { readonly markdown: string } }[] }[];
  };
}
const manifest = JSON.parse(read("package.json")) as Manifest;
const { contributes } = manifest;

test("every file that the manifest names is there", () => {
  const files = [
    manifest.icon,
    ...contributes.languages.map((language) => language.configuration),
    ...contributes.grammars.map((grammar) => grammar.path),
    ...contributes.snippets.map((snippets) => snippets.path),
    ...contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps.map((step) => step.media.markdown)),
  ];
  assert.ok(files.length > 8);
  for (const file of files) assert.ok(existsSync(join(root, file)), file);
});

test("commands that are offered are registered, and no others", () => {
  const registered = [...read("src/extension.ts").matchAll(/registerCommand\("([^"]+)"/g)].map((found) => found[1]);
  // A lens of the server names it; alone it would show nothing.
  assert.ok(registered.includes("rubric.showLocations"));
  const offered = registered.filter((command) => command !== "rubric.showLocations");
  assert.deepEqual(offered.sort(), contributes.commands.map((command) => command.command).sort());
  const named = contributes.walkthroughs
    .flatMap((walkthrough) => walkthrough.steps)
    .flatMap((step) => [...step.description.matchAll(/command:(rubric\.\w+)/g)].map((found) => found[1]));
  assert.ok(named.length > 2);
  for (const command of named) assert.ok(registered.includes(command), command);
});

test("settings that are read are declared, with the same default", () => {
  const source = read("src/extension.ts");
  const reads = [...source.matchAll(/getConfiguration\("rubric"\)\.get<[^(]*>\("([^"]+)", (""|\{\})\)/g)];
  assert.equal(reads.length, 2);
  for (const [, key, value] of reads) {
    assert.deepEqual(contributes.configuration.properties[`rubric.${key ?? ""}`]?.default, JSON.parse(value ?? ""), key);
  }
});

test("the problem matcher reads what `rubric check --format concise` prints", () => {
  assert.deepEqual(commandLine("check"), ["check", "--format", "concise", "--color", "never"]);
  const pattern = new RegExp(contributes.problemMatchers[0]?.pattern.regexp ?? "");
  const line = "policies/tp/a b.rubric:80:30: error[unknown-name] there is no `nonsense` here (a name is a field of `Student`)";
  assert.deepEqual(pattern.exec(line)?.slice(1), [
    "policies/tp/a b.rubric",
    "80",
    "30",
    "error",
    "unknown-name",
    "there is no `nonsense` here (a name is a field of `Student`)",
  ]);
  assert.equal(pattern.exec("1 file checked: 1 error and 1 warning"), null);
});

test("the icon is a square PNG of at least 128 pixels", () => {
  const icon = readFileSync(join(root, manifest.icon));
  assert.equal(icon.subarray(1, 4).toString("latin1"), "PNG");
  assert.equal(icon.readUInt32BE(16), icon.readUInt32BE(20));
  assert.ok(icon.readUInt32BE(16) >= 128);
});

test("the licence is that of the project", () => {
  assert.equal(read("LICENSE"), readFileSync(join(root, "..", "..", "LICENSE"), "utf8"));
});

test("language configuration: words, indentation and comments", () => {
  const configuration = JSON.parse(read("language-configuration.json")) as {
    wordPattern: string;
    indentationRules: { increaseIndentPattern: string; decreaseIndentPattern: string };
    onEnterRules: readonly { beforeText: string }[];
  };
  const words = "état_2 + G9_12 > 1,200".match(new RegExp(configuration.wordPattern, "gu"));
  assert.deepEqual(words, ["état_2", "G9_12", "1,200"]);
  const increase = new RegExp(configuration.indentationRules.increaseIndentPattern);
  for (const line of ["decision d of R {", "  part p subject to q {", "  case {"]) assert.match(line, increase);
  for (const line of ["// decision d {", "  R a { b: 1 }", "  because \"{x}\""]) assert.doesNotMatch(line, increase);
  assert.match("  }", new RegExp(configuration.indentationRules.decreaseIndentPattern));
  assert.match("  /// text", new RegExp(configuration.onEnterRules[0]?.beforeText ?? "never"));
  assert.doesNotMatch("  // text", new RegExp(configuration.onEnterRules[0]?.beforeText ?? ""));
});

test("snippets: placeholders are numbered from 1, prefixes differ", () => {
  const snippets = JSON.parse(read("snippets/rubric.json")) as Record<string, { prefix: string; body: string[] }>;
  const prefixes = Object.values(snippets).map((snippet) => snippet.prefix);
  assert.equal(new Set(prefixes).size, prefixes.length);
  for (const [name, { body }] of Object.entries(snippets)) {
    const stops = [...body.join("\n").matchAll(/\$\{?(\d+)/g)].map((found) => Number(found[1]));
    const most = Math.max(...stops);
    assert.ok(most > 0, name);
    for (let stop = 0; stop <= most; stop++) assert.ok(stops.includes(stop), `${name}: ${stop}`);
  }
});

test("what is packaged exists, and sources are not packaged", () => {
  const packaged = read(".vscodeignore").split("\n").filter((line) => line.startsWith("!"));
  assert.ok(packaged.length >= 8);
  assert.ok(!packaged.some((line) => /src|test|node_modules/.test(line)));
  assert.ok(readdirSync(root).includes("README.md"));
});
