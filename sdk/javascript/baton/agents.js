// Agents: give a task to another plugin and wait for its answer. Needs `agents`. A task is
// `{ goal, context = "", answerSchema }`, or its goal alone.
import { BatonError, call, options, parsed, written } from "./contract.js";

/** Starts a child run and waits until it ends: `{ answer, summary, costUsd }`. Options: `worktree`, `within`, `timeoutMs`. */
export function perform(agent, task, named) {
  return call("agents.perform", agent, ordered(task), options(named));
}

/** Starts the child run and returns at once, with a ticket for `waits.any`. Options: `worktree`, `within`. */
export function begin(agent, task, named) {
  return call("agents.begin", agent, ordered(task), options(named));
}

/** `perform` for an answer in JSON that satisfies `schema`. */
export function answer(agent, task, schema, named) {
  const given = perform(agent, { ...taken(task), answerSchema: schema }, named).answer;
  try {
    return JSON.parse(given);
  } catch (error) {
    throw new BatonError("other", `The answer of agent \`${agent}\` is not JSON: ${error.message}. Set another model for the agent.`);
  }
}

/** A task as an agent gets it. */
export function received({ goal, context, answerSchema }) {
  return { goal, context, answerSchema: parsed(answerSchema) };
}

/** What an agent returns: a report, or its answer. */
export function report(given) {
  return { summary: "", ...(typeof given === "string" ? { answer: given } : given) };
}

function taken(task) {
  return { context: "", ...(typeof task === "string" ? { goal: task } : task) };
}

/** A task as the contract has it. */
export function ordered(task) {
  const { goal, context, answerSchema } = taken(task);
  return { goal, context, answerSchema: written(answerSchema) };
}
