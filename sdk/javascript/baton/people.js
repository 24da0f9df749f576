// Questions to people, and decisions that people should know of. `ask` and `post` need `people`; `inform` needs no grant.
import { call, json } from "./contract.js";

const question = { options: [], reasoning: "", confidence: 0, severity: "important" };
const decision = { reasoning: "", source: "", confidence: 1 };

/**
 * Asks, and waits for the answer, a text. A question is its text, or
 * `{ text, options, reasoning, confidence, severity, context, best, expiry: { atMs, answer } }`.
 */
export function ask(given) {
  return call("people.ask", asked(given));
}

/** Asks, and returns at once, with a ticket for `waits.any`. */
export function post(given) {
  return call("people.post", asked(given));
}

/** Tells people what was decided without asking: `{ question, answer, reasoning, source, confidence }`. */
export function inform(given) {
  call("people.inform", { ...decision, ...given });
}

function asked(given) {
  const whole = { ...question, ...(typeof given === "string" ? { text: given } : given) };
  return { ...whole, context: json(whole.context) };
}
