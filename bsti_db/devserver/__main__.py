"""`python -m bsti_db.devserver run` and `… exec -- COMMAND`."""

import sys

from bsti_db.devserver.execute import execute
from bsti_db.devserver.folder import CannotStart
from bsti_db.devserver.run import run
from bsti_db.devserver.supervisor import ChildFailed


def main(arguments: list[str]) -> int:
    """Run one of the two commands; 2 when something outside must change first."""
    try:
        match arguments:
            case ["run"]:
                return run()
            case ["exec", "--", *command] if command:
                return execute(command)
    except (CannotStart, ChildFailed) as problem:
        print(problem, file=sys.stderr)
        return 2 if isinstance(problem, CannotStart) else 1
    print("Use: python -m bsti_db.devserver run | exec -- COMMAND", file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
