// Write Baton plugins in JavaScript: workflows, agents and toolboxes.
//
// `baton plugin new` and `baton plugin build` write this folder into the plugin's; changes to it are lost. Functions and
// types are named as in the contract. A call of the host throws an `Error` of this module when it fails.
export * as agents from "./agents.js";
export * as assets from "./assets.js";
export * as backlog from "./backlog.js";
export * as files from "./files.js";
export * as forge from "./forge.js";
export * as git from "./git.js";
export * as knowledge from "./knowledge.js";
export * as llm from "./llm.js";
export * as people from "./people.js";
export * as run from "./run.js";
export * as sandbox from "./sandbox.js";
export * as settings from "./settings.js";
export * as state from "./state.js";
export * as tools from "./tools.js";
export * as waits from "./waits.js";
export * as workflows from "./workflows.js";
export { BatonError } from "./contract.js";
export { agent, toolbox, workflow } from "./export.js";
