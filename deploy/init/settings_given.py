"""The settings that the commands in this folder are given."""

import os
import sys


def required(name: str) -> str:
    """The value of `name` in the environment; a missing one ends the process with its name."""
    value = os.environ.get(name, "")
    if not value:
        print(f"The setting {name} is missing. Set it and start again.", file=sys.stderr)
        raise SystemExit(2)
    return value
