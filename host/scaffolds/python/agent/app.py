"""Summarises what it is given."""

from baton import agent, llm
from baton.agents import Report

SYSTEM = "You summarise what you are given for a reader who has one minute."


@agent
def perform(task):
    reply = llm.complete(f"{task.goal}\n\n{task.context}", system=SYSTEM, reply_schema=task.answer_schema)
    return Report(reply.text(), "Summarised")
