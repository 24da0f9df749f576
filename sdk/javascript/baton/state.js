// Small documents that outlive a run, in buckets the operator granted. Needs `state`.
import { call, json } from "./contract.js";

/** `{ value, version }`; undefined when the key does not exist. */
export function get(bucket, key) {
  const found = call("state.get", bucket, key);
  return found ? { ...found, value: JSON.parse(found.value) } : undefined;
}

/** Returns the new version. `expected` is the version that was read, 0 for a new key, undefined to overwrite. */
export function set(bucket, key, value, expected) {
  return call("state.set", bucket, key, json(value), expected);
}

export function remove(bucket, key) {
  call("state.remove", bucket, key);
}

/** Sorted. */
export function keys(bucket, prefix = "") {
  return call("state.keys", bucket, prefix);
}
