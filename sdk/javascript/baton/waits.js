// Waiting for several things at once, with a deadline. The run is suspended meanwhile, without memory.
//
// A ticket stands for one thing that this run waits for. `agents.begin`, `workflows.start` and `people.post` give tickets too.
import { call, ended } from "./contract.js";

/** Arrives at this time, with null. */
export function timer(atMs) {
  return call("waits.timer", atMs);
}

/** Arrives with the next signal of this name, with the document that was sent. */
export function signal(name) {
  return call("waits.signal", name);
}

/** Arrives when the backlog item changes, with its `key`, `status`, `assignee` and `branch`. */
export function itemChange(key) {
  return call("waits.item-change", key);
}

/**
 * The first of these, 1 to 1,000, that arrives: `{ ticket, outcome }` with a document or a `BatonError`. Undefined when none
 * did by `untilMs`.
 */
export function any(tickets, untilMs) {
  const arrival = call("waits.any", tickets, untilMs);
  return arrival ? { ticket: arrival.ticket, outcome: ended(arrival.outcome, JSON.parse) } : undefined;
}

/** Gives up a ticket. The ticket of a child arrives when the child has ended. */
export function cancel(ticket) {
  call("waits.cancel", ticket);
}
