# All on a machine with nothing but Python 3.11 or newer and make: each target makes .venv when it
# needs it, and makes it again when pyproject.toml or constraints.txt have changed.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check
# They write to one .venv; with -j, two of them must not write at once.
.NOTPARALLEL:

.PHONY: help run test test-long bench docs clean
.DEFAULT_GOAL := help

help:
	@echo "make run        open the studio on workflows/ and data/studio.db"
	@echo "                (without a terminal: play data/onboarding.jsonl and print its trace)"
	@echo "make test       every check: lint, format, types, imports, tests"
	@echo "make test-long  the tests that take long: kills at any moment, laws, screens of every size"
	@echo "make bench      measure speed and memory, print a table"
	@echo "make docs       build the handbook and the API reference as a site, in site/"
	@echo "make clean      remove the environment, builds and caches; data/ stays"

run: .venv/.installed
	@if [ -t 0 ] && [ -t 1 ]; then \
		exec $(BIN)/journey-studio --workflows workflows --store data/studio.db; \
	else \
		exec $(BIN)/journey-studio play data/onboarding.jsonl; \
	fi

# Four workers on two cores: whoever tests a screen waits half of the time. Tests that measure or kill
# share one worker by @pytest.mark.xdist_group.
test: .venv/.installed-dev
	@echo "== ruff check: lint"
	@$(BIN)/ruff check --quiet .
	@echo "== ruff format: layout"
	@$(BIN)/ruff format --check --quiet .
	@echo "== mypy: types"
	@$(BIN)/mypy
	@echo "== lint-imports: arrows between the layers"
	@$(BIN)/lint-imports --no-logo
	@echo "== pytest: behaviour"
	@$(BIN)/python -m pytest -q -n 4 --dist loadgroup -m "not long"

# What `make test` has a shorter one of. CI runs both.
test-long: .venv/.installed-dev
	@$(BIN)/python -m pytest -q -n 4 --dist loadgroup -m long

bench: .venv/.installed-dev
	@$(BIN)/python -m bench

# A link or an anchor that leads nowhere fails it.
docs: .venv/.installed-dev
	@$(BIN)/zensical build --clean --strict
	@echo "Open site/index.html."

clean:
	rm -rf .venv build dist site .cache *.egg-info
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.venv/.installed: pyproject.toml constraints.txt
	@echo "== setting up .venv"
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Journey Studio needs Python 3.11 or newer, and $(PYTHON) is " + sys.version.split()[0] + ". Name another one: make PYTHON=python3.11")'
	@$(PYTHON) -m venv .venv
	@$(PIP) install -c constraints.txt -e .
	@touch $@

.venv/.installed-dev: .venv/.installed
	@echo "== adding the tools for the checks"
	@$(PIP) install -c constraints.txt -e '.[dev]'
	@touch $@
