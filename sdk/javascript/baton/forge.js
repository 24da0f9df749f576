// Pull requests of the project, kept by the host or on GitHub. Needs `pull-requests`.
import { call } from "./contract.js";

/** Which forge the project has: `{ kind, autoMerge }`. */
export function about() {
  return call("forge.about-forge");
}

/** Opens a pull request and returns its number. A proposal is `{ branch, into, title, body }`. */
export function open(proposal) {
  return call("forge.open", { body: "", ...proposal });
}

/** `{ number, proposal, state, head, mergeCommit, mergeable, checks, reviews, address }`. */
export function get(number) {
  return call("forge.get", number);
}

/** Those that are open: `{ number, branch, into, title }`. */
export function allOpen() {
  return call("forge.all-open");
}

/** `verdict` is `approve`, `request-changes` or `comment`. */
export function review(number, verdict, text = "") {
  call("forge.review", number, verdict, text);
}

/** Sets the state of a check of its last commit: `{ name, progress, summary }`. */
export function report(number, check) {
  call("forge.report", number, { summary: "", ...check });
}

/** Merges by `merge`, `squash` or `rebase`, if its branch still ends with `head`. Returns the merge commit. */
export function merge(number, head, { method = "merge", commit } = {}) {
  return call("forge.merge", number, head, method, commit);
}

/** Closes it without merging. */
export function close(number) {
  call("forge.close", number);
}
