import assert from "node:assert/strict";
import test from "node:test";

import { agents, files, run, waits, workflow, workflows } from "./baton/index.js";
import { Host } from "./baton/testing.js";

test("a run that continues is run to its end", () => {
  const host = new Host();
  const countDown = workflow((number) => {
    if (number > 0) run.continueWith(number - 1);
    return number;
  });
  assert.equal(host.run(countDown, 5), 0);
  assert.equal(host.requests("run.continue-with").length, 5);
});

test("a run that is cancelled can clean up", () => {
  const host = new Host().withCancelAfter(5_000);
  const cleanUp = workflow(() => {
    try {
      run.sleepUntil(run.now() + 60_000);
    } catch (error) {
      files.write("left.md", error.kind);
    }
  });
  assert.throws(() => host.run(cleanUp), { kind: "cancelled" });
  assert.equal(host.file("left.md"), "cancelled");
});

test("the first of two agents wins and the other is cancelled", () => {
  const host = new Host().withAgent("slow", "late", { afterMs: 60_000 }).withAgent("quick", "soon", { afterMs: 1_000 });
  host.withWorkflow("tests", 7, { afterMs: 2_000 });
  const race = () => {
    const [slow, quick] = [agents.begin("slow", "Do it."), agents.begin("quick", "Do it.")];
    const first = waits.any([slow, quick]);
    waits.cancel(slow);
    return [first.outcome.answer, waits.any([slow]).outcome.kind, workflows.join(workflows.start("tests"))];
  };
  assert.deepEqual(host.twice(race), ["soon", "cancelled", 7]);
});

test("a signal arrives as it was sent", () => {
  const host = new Host().withSignalAfter("go", 10, { "aB_c-d": null });
  assert.deepEqual(host.inside(() => waits.any([waits.signal("go")]).outcome), { "aB_c-d": null });
});
