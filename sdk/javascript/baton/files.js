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

/** The lines of text files that match a regular expression: `{ path, line, text }`. */
export function search(pattern, { glob, limit = 100 } = {}) {
  return call("files.search", pattern, glob, limit);
}
