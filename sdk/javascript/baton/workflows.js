// Other workflows, as child runs. Needs `workflows`.
import { BatonError, call, json, options } from "./contract.js";
import * as waits from "./waits.js";

/** Starts a child run and returns at once, with its id, which is a ticket for `waits.any`. Options:
 * `worktree`, `within`, `item`. */
export function start(workflow, input, named) {
  return call("workflows.start", workflow, json(input), options(named));
}

/** Waits for the child's output. Throws `child-failed` if the child failed. */
export function join(run) {
  return joinOutcome(run).output;
}

/** `join` with what the child leaves undone: `{ output, shortfall }`. */
export function joinOutcome(run) {
  const { outcome } = waits.any([run]);
  if (outcome instanceof BatonError) throw outcome;
  return { output: outcome.output, shortfall: outcome.shortfall ?? undefined };
}

/** Waits until one of the runs ends. Returns its id, and its output or a `BatonError`: `[run, output]`. */
export function joinAny(runs) {
  const { ticket, outcome } = waits.any(runs);
  return [ticket, outcome instanceof BatonError ? outcome : outcome.output];
}
