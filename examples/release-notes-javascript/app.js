// Has an agent write release notes, and writes them to a file once a person has approved them.
import { agents, files, people, workflow } from "./baton/index.js";

function run({ changes }) {
  // The run is suspended until Mary has answered, and needs no memory meanwhile.
  const task = { goal: "Write release notes of at most ten lines.", context: changes };
  const { answer: notes } = agents.perform("mary", task);

  // And again until a person answers, however long that takes.
  if (people.ask({ text: `May these notes go out?\n${notes}`, options: ["yes", "no"] }) !== "yes") {
    return { written: null };
  }

  files.write("docs/release-notes.md", notes);
  return { written: "docs/release-notes.md" };
}

function shortfall({ written }) {
  return written ? undefined : "The notes were not approved. Start the workflow again with other changes.";
}

export default workflow(run, { shortfall });
