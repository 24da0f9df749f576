// The component: the contract's functions on one side, app.js on the other. `baton plugin build` starts here; nothing else
// imports this, because the contract's modules exist in a component alone.
{{imports}}
import * as app from "../app.js";
import { BatonError, camel, install } from "./contract.js";
import * as exports from "./export.js";

const interfaces = { {{names}} };

install((name, parameters) => {
  const [module, called] = name.split(".");
  try {
    return interfaces[module][camel(called)](...parameters);
  } catch (error) {
    throw error?.payload?.kind === undefined ? error : BatonError.of(error.payload);
  }
});

/** Does what the plugin exports. A mistake of the plugin ends the run, and its last words go to the log. */
function exported(kind, work) {
  try {
    if (app.default?.kind !== kind) {
      throw new BatonError("other", `app.js has no ${kind}. Make one its default export: \`export default ${kind}(…)\`.`);
    }
    return work(app.default);
  } catch (error) {
    if (error instanceof BatonError) throw error.toContract();
    run.log("error", `${error}\n${error?.stack ?? ""}`, "{}");
    throw error;
  }
}

// A plugin can be written against the contract itself.
export const runWorkflow = app.runWorkflow ?? ((input) => exported("workflow", (plugin) => exports.runWorkflow(plugin, input)));
export const perform = app.perform ?? ((task) => exported("agent", (plugin) => exports.perform(plugin, task)));
export const listTools = app.listTools ?? (() => exported("toolbox", (plugin) => exports.listTools(plugin)));
export const callTool = app.callTool ?? ((name, given) => exported("toolbox", (plugin) => exports.callTool(plugin, name, given)));
