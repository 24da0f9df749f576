// Files that are packed into the plugin. Needs no grant.
import { call, text } from "./contract.js";

/** The bytes of an asset. */
export function read(path) {
  return call("assets.read", path);
}

export function readText(path) {
  return text(read(path));
}

/** Sorted. */
export function paths() {
  return call("assets.paths");
}
