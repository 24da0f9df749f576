// Language models. The host keeps the keys, counts the cost and stops at the budget. Needs `models`.
//
// A part of a message is a text, or `{ tag, val }` with the tag `thinking`, `tool-call`, `tool-result`, `media` or `opaque`.
import { call, ended, options, parsed, written } from "./contract.js";

/** A message of the user. */
export function user(...parts) {
  return { role: "user", parts };
}

/**
 * Describes the models that a request with this `model` would be sent to; without one, the plugin's: `{ model, windowTokens,
 * maxOutputTokens, tools, replySchema }`. Costs nothing.
 */
export function describe(model) {
  return call("llm.describe", model);
}

/**
 * One completion. `request` is the text of a message, or `{ messages, model, system, tools, replySchema }` with the options
 * `maxTokens`, `temperature`, `toolChoice`, `stopSequences` and `effort`. A tool is `{ name, description, parameters }`.
 */
export function complete(request) {
  return reply(call("llm.complete", asked(request)));
}

/** Several at once, at most 64. Each answer is a reply or a `BatonError`, in the order asked. */
export function completeAll(requests) {
  return call("llm.complete-all", requests.map(asked)).map((answer) => ended(answer, reply));
}

/** What a model replied. `stop` is `end`, `tool-use`, `max-tokens`, `stop-sequence`, `refusal`, `malformed` or `other`. */
export class Reply {
  constructor({ parts, stop = "end", usage = { inputTokens: 0, outputTokens: 0, cachedInputTokens: 0 }, model = "script/test" }) {
    Object.assign(this, { parts, stop, usage, model });
  }

  text() {
    return this.parts.filter((part) => typeof part === "string").join("");
  }

  toolCalls() {
    return this.parts.filter((part) => part.tag === "tool-call").map((part) => part.val);
  }
}

/** A request as the contract has it. */
export function asked(request) {
  const given = typeof request === "string" ? { messages: request } : request;
  const { messages, model, system, tools = [], replySchema, ...named } = given;
  const all = typeof messages === "string" ? [user(messages)] : messages;
  return {
    model,
    system,
    messages: all.map(({ role, parts }) => ({ role, parts: parts.map(sent) })),
    tools: tools.map(toolSent),
    replySchema: written(replySchema),
    options: options(named),
  };
}

export function toolSent({ name, description, parameters }) {
  return { name, description, parameters: JSON.stringify(parameters) };
}

export function toolReceived({ name, description, parameters }) {
  return { name, description, parameters: JSON.parse(parameters) };
}

export function reply(given) {
  return new Reply({ ...given, parts: given.parts.map(received) });
}

/** What these parts have in JSON. */
const documents = { "tool-call": "arguments", opaque: "data" };

export function sent(part) {
  if (typeof part === "string") return { tag: "text", val: part };
  return changed(part, JSON.stringify);
}

export function received(part) {
  return part.tag === "text" ? part.val : changed(part, parsed);
}

function changed({ tag, val }, change) {
  const member = documents[tag];
  return { tag, val: member ? { ...val, [member]: change(val[member]) } : val };
}
