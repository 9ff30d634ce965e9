# `make run` starts everything, `make test` checks everything; both do the set-up first.

# the first that starts and is new enough; setup.py says so when none is
PYTHON := $(shell for python in python3.11 python3.12 python3.13 python3; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$python && exit; done; echo python3)
VENV := .venv/bin/python

.PHONY: setup run test bench format lint

setup:
	@$(PYTHON) bsti_db/devserver/setup.py

run: setup
	@exec $(VENV) -m bsti_db.devserver run

test: setup
	@exec $(VENV) -m bsti_db.devserver.checks

lint: setup
	@exec $(VENV) -m bsti_db.devserver.checks lint

bench: setup
	@exec $(VENV) -m bsti_db.devserver exec -- $(VENV) -m tests.bench

format: setup
	@$(VENV) -m ruff check --fix --quiet .
	@$(VENV) -m ruff format --quiet .
	@$(VENV) -m djlint --reformat --quiet templates
