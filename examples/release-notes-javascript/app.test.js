import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import notes from "./app.js";
import { BatonError } from "./baton/index.js";
import { Host } from "./baton/testing.js";

const manifest = readFileSync(new URL("./plugin.toml", import.meta.url), "utf8");
const input = { changes: "Swiss francs" };

/** A host on which Mary writes notes and a person gives this answer. */
function host(answer) {
  return new Host().withManifest(manifest).withAgent("mary", ({ context }) => `- ${context}`).answers("May these notes go out?", answer);
}

test("what was approved is written", () => {
  const tested = host("yes");
  assert.deepEqual(tested.run(notes, input), { written: "docs/release-notes.md" });
  assert.equal(tested.file("docs/release-notes.md"), "- Swiss francs");
  assert.deepEqual(tested.questions(), ["May these notes go out?\n- Swiss francs"]);
});

test("what was not approved is not written", () => {
  const tested = host("no");
  const output = tested.run(notes, input);
  assert.match(notes.shortfall(output), /not approved/);
  assert.deepEqual(tested.files(), []);
});

test("does the same when it is executed again", () => {
  const tested = host("yes");
  tested.twice(() => notes.run(input));
  assert.equal(tested.requests("files.write").length, 1);
});

test("a Mary who fails ends it", () => {
  const tested = host("yes").withAgent("mary", () => {
    throw new BatonError("unavailable", "No model answers.");
  });
  const failed = (error) => error.kind === "child-failed" && error.ofChild().text === "No model answers.";
  assert.throws(() => tested.run(notes, input), failed);
});
