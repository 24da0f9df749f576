// Agents: give a task to another plugin and wait for its answer. Needs `agents`. A task is
// `{ goal, context = "", answerSchema, conversation }`, or its goal alone. With the `conversation` of an earlier outcome the
// agent continues where it was.
import { BatonError, call, options, parsed, written } from "./contract.js";

/**
 * Starts a child run and waits until it ends: `{ answer, summary, conversation, costUsd }`. Options: `worktree`, `within`, `item`,
 * `timeoutMs`.
 */
export function perform(agent, task, named) {
  const outcome = call("agents.perform", agent, ordered(task), options(named));
  return { ...outcome, conversation: parsed(outcome.conversation) };
}

/** Starts the child run and returns at once, with a ticket for `waits.any`. Options: `worktree`, `within`, `item`. */
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
export function received({ goal, context, answerSchema, conversation }) {
  return { goal, context, answerSchema: parsed(answerSchema), conversation: parsed(conversation) };
}

/** What an agent returns: a report, or its answer. Its `conversation` is what it wants back in a later task; at most 4 MiB. */
export function report(given) {
  const { answer, summary = "", conversation } = typeof given === "string" ? { answer: given } : given;
  return { answer, summary, conversation: written(conversation) };
}

function taken(task) {
  return { context: "", ...(typeof task === "string" ? { goal: task } : task) };
}

/** A task as the contract has it. */
export function ordered(task) {
  const { goal, context, answerSchema, conversation } = taken(task);
  return { goal, context, answerSchema: written(answerSchema), conversation: written(conversation) };
}
