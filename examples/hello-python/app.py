"""Greets whoever its input names."""

import json

import wit_world


class WitWorld(wit_world.WitWorld):
    def run_workflow(self, input: str) -> str:
        return json.dumps({"hello": json.loads(input).get("name")})
