"""Run every measurement, or those that are named: `python -m tests.bench [NAME…]`."""

import importlib
import os
import pkgutil
import sys

import django

import tests.bench


def main(names: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
    django.setup()
    known = [module.name for module in pkgutil.iter_modules(tests.bench.__path__)]
    known = [name for name in known if not name.startswith("__")]
    unknown = set(names) - set(known)
    if unknown:
        print(f"There is no measurement {sorted(unknown)}. Known: {known}", file=sys.stderr)
        return 2
    for name in names or known:
        print(f"\n{name}", flush=True)
        importlib.import_module(f"tests.bench.{name}").measure()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
