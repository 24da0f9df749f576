// Tools of the host, of toolboxes and of MCP servers, by name; and what a toolbox declares. `call` needs `tools`.
import { call as callHost, ended, json } from "./contract.js";
import { toolReceived, toolSent } from "./llm.js";

/**
 * What a toolbox declares of a tool. `effects` are `readOnly`, `destructive` and `idempotent`; without them it may change
 * things and must not be sent twice.
 */
export function offer(name, description, parameters, effects = {}) {
  return { tool: { name, description, parameters }, effects };
}

/** The tools this plugin was granted, sorted by name: `{ tool, effects }`. */
export function available() {
  return callHost("tools.available").map(({ tool, effects }) => ({ tool: toolReceived(tool), effects }));
}

/** Calls a tool such as `read_file` or `calculator.add`: `{ content, failed }`. */
export function call(name, toolArguments = {}) {
  return callHost("tools.call", name, json(toolArguments));
}

/** Calls up to 16 tools, pairs of a name and arguments. Gives `{ content, failed }` or an error for each, in their order. */
export function callAll(calls) {
  const requests = calls.map(([name, toolArguments = {}]) => ({ name, arguments: json(toolArguments) }));
  return callHost("tools.call-all", requests).map((answer) => ended(answer, (outcome) => outcome));
}

export function offered({ tool, effects }) {
  return { tool: toolSent(tool), effects: { readOnly: false, destructive: false, idempotent: false, ...effects } };
}

/** What a tool returns: an outcome, or its content. */
export function outcome(given) {
  return { failed: false, ...(typeof given === "string" ? { content: given } : given) };
}
