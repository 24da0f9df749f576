"""Settings, merged from defaults, user, project and run; the later wins. Needs no grant."""

import json

from .contract import call


def get(key, default=None):
    """`key` is dotted, such as `plan.stories.most`."""
    value = call("settings.get", key)
    return default if value is None else json.loads(value)
