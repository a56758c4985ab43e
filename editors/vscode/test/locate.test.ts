import assert from "node:assert/strict";
import { test } from "node:test";

import { locate, type Machine } from "../src/locate";

function machine(programs: readonly string[], rest: Partial<Machine> = {}): Machine {
  return {
    platform: "linux",
    home: "/home/ana",
    environment: { PATH: "/usr/bin:/opt/bin" },
    isProgram: (file) => programs.includes(file),
    ...rest,
  };
}

test("the setting wins over what is on PATH", () => {
  const on = machine(["/usr/bin/rubric", "/x y/50%/rubric"]);
  assert.deepEqual(locate("/x y/50%/rubric", undefined, on), { kind: "found", program: "/x y/50%/rubric", from: "setting" });
});

test("a setting that is wrong is said, not passed over", () => {
  const located = locate("/nowhere/rubric", undefined, machine(["/usr/bin/rubric"]));
  assert.equal(located.kind, "missing");
  assert.match(located.message, /`\/nowhere\/rubric`, which is no program/);
});

test("the setting may name the home and the folder, or be relative to the folder", () => {
  const on = machine(["/home/ana/bin/rubric", "/w/$&/target/rubric"]);
  for (const [setting, program] of [
    ["~/bin/rubric", "/home/ana/bin/rubric"],
    ["${userHome}/bin/rubric", "/home/ana/bin/rubric"],
    ["${workspaceFolder}/target/rubric", "/w/$&/target/rubric"],
    ["target/rubric", "/w/$&/target/rubric"],
  ] as const) {
    assert.deepEqual(locate(setting, "/w/$&", on), { kind: "found", program, from: "setting" }, setting);
  }
});

test("a bare name in the setting is looked for on PATH", () => {
  const on = machine(["/opt/bin/rubric-next", "/w/rubric-next"]);
  assert.deepEqual(locate("rubric-next", "/w", on), { kind: "found", program: "/opt/bin/rubric-next", from: "setting" });
  const located = locate("rubric-last", "/w", on);
  assert.match(located.kind === "missing" ? located.message : "", /is not on PATH/);
});

test("the first on PATH, then the one of cargo", () => {
  const both = machine(["/opt/bin/rubric", "/usr/bin/rubric", "/home/ana/.cargo/bin/rubric"]);
  assert.deepEqual(locate("", undefined, both), { kind: "found", program: "/usr/bin/rubric", from: "path" });
  const cargo = machine(["/home/ana/.cargo/bin/rubric"]);
  assert.deepEqual(locate("  ", undefined, cargo), { kind: "found", program: "/home/ana/.cargo/bin/rubric", from: "cargo" });
});

test("a folder that is opened cannot put its own program in front", () => {
  const on = machine(["/opt/bin/rubric", "rubric", "./rubric", "/w/rubric"], { environment: { PATH: ".::/opt/bin" } });
  assert.deepEqual(locate("", "/w", on), { kind: "found", program: "/opt/bin/rubric", from: "path" });
});

test("Windows: Path, semicolons, .exe", () => {
  const on = machine(["C:\\tools\\rubric.exe"], {
    platform: "win32",
    home: "C:\\Users\\ana",
    environment: { Path: "C:\\Windows;C:\\tools" },
  });
  assert.deepEqual(locate("", undefined, on), { kind: "found", program: "C:\\tools\\rubric.exe", from: "path" });
  assert.deepEqual(locate("C:\\tools\\rubric.exe", undefined, on), {
    kind: "found",
    program: "C:\\tools\\rubric.exe",
    from: "setting",
  });
});

test("without a program, the message says how to get it", () => {
  const located = locate("", undefined, machine([], { environment: {} }));
  assert.match(located.kind === "missing" ? located.message : "", /cargo install --path \.[\s\S]*rubric\.server\.path/);
});
