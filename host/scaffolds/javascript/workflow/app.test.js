import assert from "node:assert/strict";
import test from "node:test";

import greet from "./app.js";
import { Host } from "./baton/testing.js";

test("greets by name", () => {
  assert.deepEqual(new Host().run(greet, { name: "Mary" }), { hello: "Mary" });
});
