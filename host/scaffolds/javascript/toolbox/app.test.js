import assert from "node:assert/strict";
import test from "node:test";

import words from "./app.js";
import { Host } from "./baton/testing.js";

test("counts words", () => {
  assert.deepEqual(new Host().call(words, "count_words", { text: "one two  three" }), { content: "3", failed: false });
});
