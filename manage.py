#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bsti_db.settings")
    if len(sys.argv) > 1 and sys.argv[1] == "migrate":
        # the owner role only migrates; every other command runs as the web role
        os.environ["BSTI_PROCESS"] = "migrate"
    os.environ.setdefault("BSTI_PROCESS", "manage")

    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
