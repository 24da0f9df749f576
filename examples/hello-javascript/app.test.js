import assert from "node:assert/strict";
import test from "node:test";

import { runWorkflow } from "./app.js";

test("greets by name", () => {
  assert.deepEqual(JSON.parse(runWorkflow('{"name": "Mary"}').output), { hello: "Mary" });
});
