"""Greets whoever its input names."""

import json

import wit_world
from wit_world.imports import workflows


class WitWorld(wit_world.WitWorld):
    def run_workflow(self, input: str) -> workflows.Outcome:
        output = {"hello": json.loads(input).get("name")}
        return workflows.Outcome(json.dumps(output), shortfall=None)
