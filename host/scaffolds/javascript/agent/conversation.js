// What is asked of the model and what becomes of its reply; imports nothing, so that tests can.
const system = "You summarise what you are given for somebody who has one minute.";

export function asked(task) {
  const text = `${task.goal}\n\n${task.context}`;
  return { system, messages: [{ role: "user", parts: [{ tag: "text", val: text }] }], tools: [], options: [], replySchema: task.answerSchema };
}

export function answered(reply) {
  return reply.parts.filter((part) => part.tag === "text").map((part) => part.val).join("");
}
