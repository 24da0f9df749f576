// What the project already knows. Needs `knowledge` to search and `remember` to add notes.
import { call } from "./contract.js";

/** The passages that fit the words of `query` best, best first: `{ source, text, score }`. */
export function search(query, limit = 10) {
  return call("knowledge.search", query, limit);
}

/** Notes `text` under `notes/` and `source`, in the place of what was noted there before. */
export function remember(source, text) {
  call("knowledge.remember", source, text);
}
