// Commands in containers, with the run's workspace at `/workspace`. Needs `images`.
import { call } from "./contract.js";

/**
 * Executes a command. One that fails is an answer: `{ ending, exitCode, stdout, stderr, output, tookMs }`. A job is a program
 * and its arguments, or `{ command, image, env, timeoutMs }`, with variables by name in `env`.
 */
export function execute(job) {
  const { command, image, env = {}, timeoutMs } = Array.isArray(job) ? { command: job } : job;
  return call("sandbox.execute", { image, command, env: Object.entries(env), timeoutMs });
}

/** Lines of all that a command of this run printed, by the name in its `output`: as `files.readLines`. */
export function readOutput(output, { first = 1, count = 500, mostBytes = 24576 } = {}) {
  return call("sandbox.read-output", output, first, count, mostBytes);
}

/**
 * Does the setup of the workspace that the operator approved, unless it is done for these lockfiles:
 * `{ state, command, report, reached, denied, tookMs }`.
 */
export function setUp() {
  return call("sandbox.set-up");
}

/** Renews the lockfiles of the workspace after a manifest changed, by the command that the operator approved; as `setUp`. */
export function renewLockfiles() {
  return call("sandbox.renew-lockfiles");
}

/** The command that has `sh` read a line. */
export function shell(line) {
  return ["sh", "-c", line];
}

export function succeeded({ ending, exitCode }) {
  return ending === "exited" && exitCode === 0;
}
