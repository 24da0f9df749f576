import assert from "node:assert/strict";
import test from "node:test";

import { callTool } from "./app.js";

test("counts words", () => {
  assert.deepEqual(callTool("count_words", '{"text": "one two  three"}'), { content: "3", failed: false });
});
