// The run itself: its id, its time, its log and its progress. Needs no grant.
import { call, json } from "./contract.js";

/** `{ id, parent, project, plugin, pluginVersion }`. */
export function about() {
  return call("run.about");
}

/** Milliseconds since 1970 UTC. Take the time from here: a replay sees the same. */
export function now() {
  return call("run.now");
}

/** Suspends the run until this time. */
export function sleepUntil(untilMs) {
  call("run.sleep-until", untilMs);
}

/** Suspends the run until its operator resumes it. For what only people can fix. */
export function pause(reason) {
  call("run.pause", reason);
}

/** Shows others `value` beside the run, in the place of what was there before; null removes it. */
export function publish(key, value) {
  call("run.publish", key, json(value));
}

/** Begins the run again from the top with another input and an empty journal. Returns only with an error. */
export function continueWith(input) {
  call("run.continue-with", json(input));
}

/** One line of the run's log. `level` is `debug`, `info`, `warn` or `error`. */
export function log(level, message, fields = {}) {
  call("run.log", level, message, json(fields));
}

export function info(message) {
  log("info", message);
}

export function warn(message) {
  log("warn", message);
}

/** Tells people who watch where the run is. `fraction` is 0.0 to 1.0. */
export function progress(fraction, step) {
  call("run.progress", fraction, step);
}
