# Everything sets itself up: a virtual environment for Python, node_modules for the cdktf command line.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

.DEFAULT_GOAL := help
.PHONY: help synth check test test-fast bench docs lint lock clean

help: ## what can be made
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

synth: $(VENV)/.runtime ## rolebridge.yaml -> generated/
	@$(BIN)/rolebridge synth

check: $(VENV)/.runtime ## read rolebridge.yaml and report every mistake
	@$(BIN)/rolebridge check

test: $(VENV)/.dev node_modules/.installed ## everything, with the real Terraform against a fake AWS
	$(BIN)/python -m pytest -n 2 -m "not terraform"
	$(BIN)/python -m pytest -m terraform

test-fast: $(VENV)/.dev ## everything that needs no Terraform
	$(BIN)/python -m pytest -n 2 -m "not terraform and not slow"

bench: $(VENV)/.dev ## wall time and memory: lean, ordinary, and the bare floor
	$(BIN)/python -m tests.bench

docs: $(VENV)/.runtime ## docs/settings.md from the schema
	$(BIN)/python -m rolebridge.settings.reference > docs/settings.md

lint: $(VENV)/.dev ## ruff and mypy
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

lock: $(VENV)/.dev ## renew requirements*.txt and package-lock.json
	$(BIN)/uv pip compile pyproject.toml --extra build --generate-hashes --universal --python-version 3.11 \
		--no-emit-index-url --no-header --quiet -o requirements.txt
	$(BIN)/uv pip compile pyproject.toml --extra build --extra dev --generate-hashes --universal --python-version 3.11 \
		--no-emit-index-url --no-header --quiet -o requirements-dev.txt
	npm install --package-lock-only

clean: ## remove what make made (not generated/)
	rm -rf $(VENV) node_modules build dist *.egg-info constructs/*.egg-info

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.txt pyproject.toml | $(BIN)/python
	@echo "Setting up: Python packages, then the provider's index (once; one to three minutes)"
	$(PIP) install --require-hashes -r requirements.txt
	$(PIP) install --no-build-isolation --no-deps --editable .
	$(BIN)/python -m rolebridge.engine
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.runtime
	$(PIP) install --require-hashes -r requirements-dev.txt
	@touch $@

node_modules/.installed: package.json package-lock.json
	@echo "Setting up: the cdktf command line"
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@
