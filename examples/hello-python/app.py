"""Greets the person its input names."""

from baton import workflow


@workflow
def run(input):
    return {"hello": input.get("name")}
