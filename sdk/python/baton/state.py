"""Small documents that outlive a run, in buckets the operator granted. Needs `state`."""

import json
from dataclasses import dataclass

from .contract import Json, Record, call, read


@dataclass
class Versioned(Record):
    """`version` counts the changes of this key, from 1."""

    value: Json
    version: int


def get(bucket, key):
    """None when the key does not exist."""
    return read(Versioned | None, call("state.get", bucket, key))


def set(bucket, key, value, expected=None):
    """Returns the new version. `expected` is the version that was read, 0 for a new key, None to overwrite."""
    return call("state.set", bucket, key, json.dumps(value), expected)


def remove(bucket, key):
    call("state.remove", bucket, key)


def keys(bucket, prefix=""):
    """Sorted."""
    return call("state.keys", bucket, prefix)
