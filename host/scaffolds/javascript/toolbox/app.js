// Counts words.
const parameters = { type: "object", properties: { text: { type: "string" } }, required: ["text"] };

export function listTools() {
  const tool = { name: "count_words", description: "Counts the words of a text.", parameters: JSON.stringify(parameters) };
  return [{ tool, effects: { readOnly: true } }];
}

export function callTool(name, toolArguments) {
  const { text } = JSON.parse(toolArguments);
  if (typeof text !== "string") {
    return { content: "`text` has to be a string.", failed: true };
  }
  return { content: String(text.split(/\s+/).filter(Boolean).length), failed: false };
}
