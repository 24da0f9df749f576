"""Has an agent write release notes, and writes them to a file once a person has approved them."""

from baton import agents, files, people, workflow


def shortfall(output):
    if not output["written"]:
        return "The notes were not approved. Start the workflow again with other changes."


@workflow(shortfall=shortfall)
def run(input):
    # The run is suspended until Mary has answered, and needs no memory meanwhile.
    task = agents.Task("Write release notes of at most ten lines.", context=input["changes"])
    notes = agents.perform("mary", task).answer

    # And again until a person answers, however long that takes.
    if people.ask(f"May these notes go out?\n{notes}", options=["yes", "no"]) != "yes":
        return {"written": None}

    files.write("docs/release-notes.md", notes)
    return {"written": "docs/release-notes.md"}
