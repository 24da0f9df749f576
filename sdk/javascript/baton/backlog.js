// Epics, stories and tasks of the project, and what each waits for. Needs `backlog`: `read` or `write`. An item is
// `{ draft, status, assignee, branch }`.
import { call } from "./contract.js";

const draft = { body: "", after: [], priority: 5, labels: [] };

/** Adds or updates items; all or none. A draft is `{ kind, key, title, body, parent, after, priority, labels }`. */
export function put(items) {
  call("backlog.put", items.map((item) => ({ ...draft, ...item })));
}

export function get(key) {
  return call("backlog.get", key);
}

/** All items without their bodies, in the order of their keys. */
export function all() {
  return call("backlog.all");
}

/** The stories and tasks that can start now, most urgent first. */
export function ready() {
  return call("backlog.ready");
}

/** Throws `conflict` for a status that cannot follow the present one. */
export function moveTo(key, status, reason) {
  call("backlog.move-to", key, status, reason);
}

/** Sets who works on an item, and on which branch; undefined clears it. */
export function assign(key, assignee, branch) {
  call("backlog.assign", key, assignee, branch);
}

/** Oldest first: `{ atMs, before, after, reason, run }`. */
export function history(key) {
  return call("backlog.history", key);
}

/** Brings the documents of the workspace in step with the backlog. Returns the paths that changed. */
export function writeDocuments() {
  return call("backlog.write-documents");
}
