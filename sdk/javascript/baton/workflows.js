// Other workflows, as child runs. Needs `workflows`.
import { BatonError, call, ended, json, options } from "./contract.js";

/** Starts a child run and returns at once, with its id. Option: `worktree`. */
export function start(workflow, input, named) {
  return call("workflows.start", workflow, json(input), options(named));
}

/** Waits for the child's output. Throws `child-failed` if the child failed. */
export function join(run) {
  return joinOutcome(run).output;
}

/** `join` with what the child leaves undone: `{ output, shortfall }`. */
export function joinOutcome(run) {
  return outcome(call("workflows.join", run));
}

/** Waits until one of the runs ends. Returns its id, and its output or a `BatonError`: `[run, output]`. */
export function joinAny(runs) {
  const [run, ending] = call("workflows.join-any", runs);
  const end = ended(ending, outcome);
  return [run, end instanceof BatonError ? end : end.output];
}

function outcome({ output, shortfall }) {
  return { output: JSON.parse(output), shortfall: shortfall ?? undefined };
}
