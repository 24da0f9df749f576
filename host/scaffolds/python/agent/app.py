"""Summarises what it is given."""

import wit_world
from wit_world.imports import agents, llm

SYSTEM = "You summarise what you are given for somebody who has one minute."


class WitWorld(wit_world.WitWorld):
    def perform(self, task: agents.Task) -> agents.Report:
        message = llm.Message(llm.Role.USER, [llm.Part_Text(f"{task.goal}\n\n{task.context}")])
        request = llm.Request(
            model=None,
            system=SYSTEM,
            messages=[message],
            tools=[],
            reply_schema=task.answer_schema,
            options=[],
        )
        parts = llm.complete(request).parts
        answer = "".join(part.value for part in parts if isinstance(part, llm.Part_Text))
        return agents.Report(answer, "Summarised")
