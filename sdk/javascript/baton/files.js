// Files of the run's workspace. Needs `read` and `write`. Paths are relative, with `/` between names.
import { BatonError, bytes, call, text } from "./contract.js";

/** The bytes of a file. */
export function read(path) {
  return call("files.read", path);
}

export function readText(path) {
  const content = read(path);
  try {
    return text(content);
  } catch {
    throw new BatonError("invalid", `\`${path}\` is not UTF-8 text. Name a text file, or read it as bytes.`, { subject: path });
  }
}

/**
 * Lines of a text file: `{ first, lines: [{ text, leftOutBytes }], totalLines, sizeBytes }`. The journal keeps these lines and
 * not the file.
 */
export function readLines(path, { first = 1, count = 500, mostBytes = 24576 } = {}) {
  return call("files.read-lines", path, first, count, mostBytes);
}

/** Writes text or bytes. Creates parent directories, and replaces the file in one step. */
export function write(path, content) {
  call("files.write", path, bytes(content));
}

/** Removes a file or an empty directory. */
export function remove(path) {
  call("files.remove", path);
}

/** What matches a glob such as `docs/*.md`: `{ path, kind, sizeBytes }`, sorted by path. */
export function find(glob) {
  return call("files.find", glob);
}

/**
 * The lines of text files that match a regular expression, with `context` lines around each:
 * `{ path, line, text, before, after }`.
 */
export function search(pattern, { glob, limit = 100, context = 0 } = {}) {
  return call("files.search", pattern, glob, limit, context);
}
