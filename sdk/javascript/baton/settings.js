// Settings, merged from defaults, user, project and run; the later wins. Needs no grant.
import { call, parsed } from "./contract.js";

/** `key` is dotted, such as `plan.stories.most`. Undefined when it is not set. */
export function get(key) {
  return parsed(call("settings.get", key));
}
