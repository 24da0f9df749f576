"""Write Baton plugins in Python: workflows, agents and toolboxes.

`baton plugin new` and `baton plugin build` write this package into the plugin's folder; changes to it are lost. Functions
and types are named as in the contract. A call of the host raises `Error` when it fails.
"""

from . import agents, assets, backlog, files, forge, git, knowledge, llm, people, run, sandbox, settings, state, tools, waits, workflows
from .contract import Error
from .export import agent, toolbox, workflow

__all__ = [
    "Error", "agent", "agents", "assets", "backlog", "files", "forge", "git", "knowledge", "llm", "people", "run", "sandbox", "settings",
    "state", "toolbox", "tools", "waits", "workflow", "workflows",
]
