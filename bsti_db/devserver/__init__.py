"""One command starts everything: the embedded services and every process of the site.

`python -m bsti_db.devserver run` is `make run`; `… exec -- COMMAND` gives one command the
services alone. For laptops and tests only: production reads its services from the environment.
"""
