"""Files that are packed into the plugin. Needs no grant."""

from .contract import call


def read(path):
    """The bytes of an asset."""
    return call("assets.read", path)


def read_text(path):
    return read(path).decode()


def paths():
    """Sorted."""
    return call("assets.paths")
