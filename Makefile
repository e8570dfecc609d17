# orgkey. `make` alone lists the verbs.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
unexport PYTHONDONTWRITEBYTECODE # images set it for a start or two; a test run starts thousands of interpreters
PYTHON ?= python3
BIN := .venv/bin
SIDE_BY_SIDE := -n 4 --dist worksteal # for 2 cores: a test waits a third of its time, for processes and answers

help: ## list the verbs
	@awk -F':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.run: requirements.lock pyproject.toml local-org/requirements.lock local-org/pyproject.toml
	@echo "Setting up .venv (Python packages, once) ..."
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "orgkey needs Python 3.11 or newer; set PYTHON=...")'
	@$(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement local-org/requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable ./local-org
	@touch $@

.venv/.dev: .venv/.run requirements-dev.lock
	@echo "Adding what development needs to .venv (once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements-dev.lock
	@touch $@

up: .venv/.run ## the main job: local org, `pulumi up` of the stack `local`, login proved
	@$(BIN)/python -m toolchain.local_stack up

down: .venv/.run ## destroy the stack `local` and stop the local org
	@$(BIN)/python -m toolchain.local_stack down

outputs: .venv/.run ## outputs of the stack `local` as JSON
	@$(BIN)/python -m toolchain.local_stack outputs

fleet: .venv/.run ## twelve sandboxes and their stacks, for `orgkey drift`
	@$(BIN)/python -m toolchain.local_fleet up

fleet-logins: .venv/.run ## store the sandboxes' logins again, as after a sandbox refresh
	@$(BIN)/python -m toolchain.local_fleet logins

fleet-down: .venv/.run ## take them down
	@$(BIN)/python -m toolchain.local_fleet down

env: .venv/.run ## exports for a shell (README: Five minutes)
	@$(BIN)/python -m toolchain.local_stack env

real-org: .venv/.run ## orgkey against a real org, 20 minutes (docs/first-real-org.md): make real-org ALIAS=<sf alias>
	@$(if $(ALIAS)$(OPTIONS),,echo "make real-org ALIAS=<alias of the Salesforce CLI>  (docs/first-real-org.md)"; exit 2)
	@$(BIN)/python -m toolchain.real_org $(if $(ALIAS),--sf-alias $(ALIAS)) $(OPTIONS)

test: .venv/.dev ## all tests but benchmarks and the whole matrix
	@$(BIN)/python -m toolchain > /dev/null
	@$(BIN)/python -m tests.chromium
	@$(BIN)/python -m tests.conformance
	@$(BIN)/python -m pytest $(SIDE_BY_SIDE)

matrix: .venv/.dev ## faults at every request of every command, every process killed: an hour, a table at the end
	@$(BIN)/python -m pytest -q $(SIDE_BY_SIDE) -m matrix -o timeout=1800 -o faulthandler_timeout=1830 tests/matrix

check: .venv/.dev ## ruff, mypy strict, import-linter, generated files
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m orgkey.generate --check

dist: .venv/.dev ## sdist and wheel of orgkey and of the local org, into dist/
	@rm -rf dist
	@$(BIN)/python -m hatchling build --directory "$(CURDIR)/dist"
	@cd local-org && ../$(BIN)/python -m hatchling build --directory "$(CURDIR)/dist"

bench: .venv/.dev ## speeds, side by side in one run
	@$(BIN)/python -m bench

generate: .venv/.dev ## write typed resources and reference pages from the tables
	@$(BIN)/python -m orgkey.generate

LOCK := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header
lock: .venv/.dev ## write the lock files anew
	@$(LOCK) --extra build pyproject.toml -o requirements.lock
	@$(LOCK) --constraint requirements.lock local-org/pyproject.toml -o local-org/requirements.lock
	@$(LOCK) --extra build --extra dev --constraint local-org/requirements.lock pyproject.toml local-org/pyproject.toml -o requirements-dev.lock

.PHONY: help up down outputs fleet fleet-logins fleet-down env real-org test matrix check dist bench generate lock
