import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import tour from "./app.js";
import { Host, callsTool } from "./baton/testing.js";

const beside = (name) => readFileSync(new URL(name, import.meta.url), "utf8");

test("the host in memory answers as Baton does", () => {
  const host = new Host().withManifest(beside("plugin.toml")).withFile("README.md", "A tour.\n").withRepository();
  host.withSetting("tour.tone", "dry").when("question", "an answer").answers("Which?", "b");
  host.withModel(({ messages }) => (messages[0].parts[0] === "count this" ? callsTool("count", { count: 3 }) : undefined));
  host.withAgent("mary", "an answer").withWorkflow("tour-javascript", (input) => tour.run(input));
  assert.deepEqual(host.run(tour, {}), JSON.parse(beside("expected.json")));
});
