import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import summary from "./app.js";
import { Host } from "./baton/testing.js";

const manifest = readFileSync(new URL("./plugin.toml", import.meta.url), "utf8");

test("answers with what the model says", () => {
  const host = new Host().withManifest(manifest).when("a long text", "a short one");
  assert.equal(host.perform(summary, "Summarise a long text.").answer, "a short one");
});
