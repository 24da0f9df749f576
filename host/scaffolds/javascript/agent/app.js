// Summarises what it is given.
import { agent, llm } from "./baton/index.js";

const system = "You summarise what you are given for a reader who has one minute.";

export default agent(({ goal, context, answerSchema }) => {
  const reply = llm.complete({ system, messages: `${goal}\n\n${context}`, replySchema: answerSchema });
  return { answer: reply.text(), summary: "Summarised" };
});
