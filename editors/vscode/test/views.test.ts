import assert from "node:assert/strict";
import { test } from "node:test";

import { isView, pathOf, Shelf } from "../src/views";

test("an answer is a view when it has a title and Markdown", () => {
  assert.ok(isView({ title: "t", markdown: "# t" }));
  for (const other of [null, undefined, 1, "t", {}, { title: "t" }, { title: 1, markdown: "x" }, [{ title: "t", markdown: "x" }]]) {
    assert.ok(!isView(other), JSON.stringify(other));
  }
});

test("a title is one name of a file", () => {
  for (const [title, path] of [
    ["a child is retained", "/a child is retained.md"],
    ["50% of a/b\\c\nd é😀", "/50% of a b c d é😀.md"],
    [" / ", "/Rubric.md"],
  ] as const) {
    assert.equal(pathOf({ title, markdown: "" }), path);
  }
});

test("a view that is shown again is the newer one, and old ones are forgotten", () => {
  const shelf = new Shelf(2);
  const first = shelf.put({ title: "a", markdown: "1" });
  const second = shelf.put({ title: "b", markdown: "2" });
  assert.equal(shelf.put({ title: "a", markdown: "3" }), first);
  assert.equal(shelf.get(first), "3");
  const third = shelf.put({ title: "c", markdown: "4" });
  assert.deepEqual([first, second, third].map((path) => shelf.get(path)), ["3", undefined, "4"]);
});
