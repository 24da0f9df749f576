// What a plugin is: the default export of app.js, made by one of these functions.
import { received, report } from "./agents.js";
import { BatonError, json } from "./contract.js";
import { offered, outcome } from "./tools.js";

/**
 * A workflow: `run(input)` returns its output. `shortfall(output)` says in a sentence what the output leaves undone, or returns
 * undefined.
 */
export function workflow(run, { shortfall = () => undefined } = {}) {
  return { kind: "workflow", run, shortfall };
}

/** An agent: `perform(task)` returns `{ answer, summary }`, or its answer. */
export function agent(perform) {
  return { kind: "agent", perform };
}

/** A toolbox: `tools()` returns offers, `call(name, arguments)` returns `{ content, failed }`, or its content. */
export function toolbox({ tools, call }) {
  return { kind: "toolbox", tools, call };
}

export function runWorkflow(plugin, input) {
  const output = plugin.run(decoded(input, "input"));
  return { output: json(output), shortfall: plugin.shortfall(output) };
}

export function perform(plugin, task) {
  return report(plugin.perform(received(task)));
}

export function listTools(plugin) {
  return plugin.tools().map(offered);
}

export function callTool(plugin, name, toolArguments) {
  return outcome(plugin.call(name, decoded(toolArguments, "arguments")));
}

function decoded(text, what) {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BatonError("invalid", `The ${what} is not JSON: ${error.message}. Correct it and send it again.`);
  }
}
