import assert from "node:assert/strict";
import test from "node:test";

import { answered, asked } from "./conversation.js";

test("asks for what the task is about", () => {
  const [message] = asked({ goal: "Summarise", context: "a long text" }).messages;
  assert.match(message.parts[0].val, /a long text/);
});

test("answers with what the model says", () => {
  assert.equal(answered({ parts: [{ tag: "text", val: "a short one" }] }), "a short one");
});
