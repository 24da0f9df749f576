// Counts words.
import { toolbox, tools } from "./baton/index.js";

const parameters = { type: "object", properties: { text: { type: "string" } }, required: ["text"] };

export default toolbox({
  tools: () => [tools.offer("count_words", "Counts the words of a text.", parameters, { readOnly: true })],

  call(name, { text }) {
    if (typeof text !== "string") {
      return { content: "`text` has to be a string.", failed: true };
    }
    return { content: String(text.split(/\s+/).filter(Boolean).length), failed: false };
  },
});
