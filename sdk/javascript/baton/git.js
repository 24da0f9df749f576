// The repository of the run's workspace. Needs `git`, and `branches` for branches that the plugin creates or moves.
import { bytes, call } from "./contract.js";

export function branch() {
  return call("git.branch");
}

/** What differs from the last commit: `{ path, kind }`, sorted by path. */
export function status() {
  return call("git.status");
}

/** Newest first: `{ id, summary, author, atMs }`. */
export function log({ revision, limit = 100 } = {}) {
  return call("git.log", revision, limit);
}

/** Unified diff from where the workspace left `base` to its files as they are. */
export function diff(base) {
  return call("git.diff", base);
}

/** The bytes of a file as `revision` has it. */
export function read(revision, path) {
  return call("git.read", revision, path);
}

export function mergeBase(one, other) {
  return call("git.merge-base", one, other);
}

/** Commits everything in the workspace. Returns undefined when nothing changed. */
export function commit(message, { author } = {}) {
  return call("git.commit", message, author);
}

/**
 * Merges `revision` into the workspace's branch: `{ clean }` with the merge commit, or `{ conflicts }` with paths. `resolved`
 * says what files with conflicts hold afterwards: `{ path, content }`, without content for a file that is to be removed.
 */
export function merge(revision, message, resolved = []) {
  const resolutions = resolved.map(({ path, content }) => ({ path, content: content === undefined ? undefined : bytes(content) }));
  const { tag, val } = call("git.merge", revision, message, resolutions);
  return { [tag]: val };
}

/** Moves the workspace's branch back to one of its commits, or forward to one that follows its last, and its files with it. */
export function reset(revision) {
  call("git.reset", revision);
}

/** Makes files what the last commit has at their paths. */
export function restore(paths) {
  call("git.restore", paths);
}

/** Moves `branch` forward to the workspace's commit, if it is still at `expected`. */
export function advance(branch, expected) {
  call("git.advance", branch, expected);
}

/**
 * A worktree with a new branch that begins at `base`. Returns its name. With the branch itself as `base`, work continues on a
 * branch that an earlier run of the project made.
 */
export function worktreeAdd(branch, base) {
  return call("git.worktree-add", branch, base);
}

export function worktreeRemove(worktree) {
  call("git.worktree-remove", worktree);
}

/** Pushes a branch to the remote that the operator set, never by force. */
export function push(branch) {
  call("git.push", branch);
}
