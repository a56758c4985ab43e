/** The TextMate grammar, run by the engine that VS Code runs. */

import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { before, test } from "node:test";

import * as oniguruma from "vscode-oniguruma";
import * as textmate from "vscode-textmate";

const root = join(__dirname, "..", "..");
let grammar: textmate.IGrammar;

before(async () => {
  const wasm = readFileSync(join(root, "node_modules", "vscode-oniguruma", "release", "onig.wasm"));
  await oniguruma.loadWASM(wasm.buffer.slice(wasm.byteOffset, wasm.byteOffset + wasm.byteLength));
  const path = join(root, "syntaxes", "rubric.tmLanguage.json");
  const registry = new textmate.Registry({
    onigLib: Promise.resolve({
      createOnigScanner: (patterns) => new oniguruma.OnigScanner(patterns),
      createOnigString: (text) => new oniguruma.OnigString(text),
    }),
    loadGrammar: () => Promise.resolve(textmate.parseRawGrammar(readFileSync(path, "utf8"), path)),
  });
  const loaded = await registry.loadGrammar("source.rubric");
  assert.ok(loaded);
  grammar = loaded;
});

/** Each piece of the text that is not blank, with its innermost scope. */
function pieces(text: string): [string, string][] {
  let state = textmate.INITIAL;
  const found: [string, string][] = [];
  for (const line of text.split("\n")) {
    const { tokens, ruleStack } = grammar.tokenizeLine(line, state);
    state = ruleStack;
    for (const token of tokens) {
      const piece = line.slice(token.startIndex, token.endIndex).trim();
      if (piece !== "") found.push([piece, token.scopes.at(-1) ?? ""]);
    }
  }
  return found;
}

/** A line, and the scopes that pieces of it begin with. */
const CASES: readonly (readonly [string, Readonly<Record<string, string>>])[] = [
  ["/// doc", { "/// doc": "comment.line.documentation" }],
  ["x // note", { "// note": "comment.line.double-slash" }],
  ["policy ohio.lunch {", { policy: "keyword.declaration", "ohio.lunch": "entity.name.namespace", "{": "punctuation" }],
  ["use k12.student", { use: "keyword.declaration", "k12.student": "entity.name.namespace" }],
  ["  effective from 2024-07-01", { effective: "keyword", from: "keyword", "2024-07-01": "constant.other.date" }],
  ["  school_year starts july 1", { school_year: "keyword", starts: "keyword", july: "constant.other.month", "1": "constant.numeric" }],
  ["ordered category Grade { PK, G1 \"01\" }", { ordered: "keyword", category: "keyword", Grade: "entity.name.type", "01": "string" }],
  ["record Student {", { record: "keyword.declaration", Student: "entity.name.type" }],
  ["  key (student_id: text private, year: school_year)", { key: "keyword", student_id: "variable.other.member", private: "storage.modifier", year: "variable.other.member" }],
  ["  key: count?  title: text", { key: "variable.other.member", title: "variable.other.member" }],
  ["decision d of Student where grade = G3 {", { decision: "keyword.declaration", d: "entity.name.function", of: "keyword", Student: "entity.name.type", where: "keyword", "=": "keyword.operator" }],
  ["  rule when fixed: promoted", { rule: "keyword", when: "entity.name.label", fixed: "storage.modifier" }],
  ["    when a and (count of r where x) <= 30", { when: "keyword.control", and: "keyword.operator.word", count: "support.function", "<=": "keyword.operator.comparison", "30": "constant.numeric" }],
  ["    when count = 2 and year > total", { total: "source.rubric" }],
  ["    when a.of is not missing", { is: "keyword.operator.word", missing: "keyword.operator.word", of: "variable.other.member" }],
  ["    subject to p, q notwithstanding r", { subject: "keyword", to: "keyword", notwithstanding: "keyword" }],
  ["    because \"level {reading_level}\"", { because: "keyword", "{reading_level}": "variable.other" }],
  ["  b < a + 2 years and d <= 30 days", { years: "keyword.other.unit", days: "keyword.other.unit" }],
  ["  Student maria { level: 2  days: 5  on: yes }", { Student: "entity.name.type", days: "variable.other.member", on: "variable.other.member", yes: "constant.language" }],
  ["  no Retention", { no: "keyword.other" }],
  ["(20% of x * $1,000.50) rounded half up to cents", { "20%": "constant.numeric.percent", "$1,000.50": "constant.numeric.money", rounded: "keyword", half: "keyword.other.rounding", cents: "constant.other.unit" }],
  ["given `when` = SY2024-25", { given: "keyword", "`when`": "variable.other.quoted", "SY2024-25": "constant.other.school-year" }],
  ["  must certified: any of assignments as a where a.on_site", { must: "keyword", certified: "entity.name.label", any: "support.function", on_site: "variable.other.member" }],
  ["assert d never depends on x", { assert: "keyword.declaration", never: "keyword", depends: "keyword", on: "keyword" }],
];

test("scopes", () => {
  for (const [line, expected] of CASES) {
    const found = pieces(line);
    for (const [piece, scope] of Object.entries(expected)) {
      const scopes = found.filter(([text]) => text === piece).map(([, innermost]) => innermost);
      assert.ok(scopes.length > 0 && scopes.every((innermost) => innermost.startsWith(scope)), `${line}\n${piece}: ${scope}, but ${JSON.stringify(found)}`);
    }
  }
});

test("a text that is not closed ends with its line", () => {
  assert.deepEqual(pieces("cite \"open\nrule a: b").find(([piece]) => piece === "rule"), ["rule", "keyword.declaration.rubric"]);
});

test("every shipped policy: no text runs on, and no name in backquotes is a word of the language", () => {
  const policies = join(root, "..", "..", "policies");
  const files = readdirSync(policies, { recursive: true, encoding: "utf8" })
    .filter((file) => file.endsWith(".rubric"))
    .map((file) => join(policies, file));
  assert.ok(files.length > 15);
  for (const file of files) {
    assert.ok(statSync(file).isFile());
    const found = pieces(readFileSync(file, "utf8"));
    const declared = found.filter(([, scope]) => scope.startsWith("keyword.declaration")).length;
    assert.ok(declared > 0, file);
    for (const [piece, scope] of found) {
      if (/^(policy|decision|requirement|rule|cite)$/.test(piece)) assert.match(scope, /^keyword|^string|^comment/, `${file}: ${piece}`);
    }
  }
});
