# Attune. Two commands on a bare machine: `make demo` and `make test`. Each does all its own set-up and can be run twice.

PYTHON ?= python3
PORT ?= 8000
HOST ?= 127.0.0.1
VENV := .venv
BIN := $(VENV)/bin
export DATA_DIR ?= $(CURDIR)/var

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev demo test lint bench clean format

help: ## What can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-12s %s\n", $$1, $$2}'

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found. Install Python 3.11 or newer, or name it: make PYTHON=/path/to/python3"; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$(PYTHON) is $$($(PYTHON) -V); Attune needs Python 3.11 or newer: make PYTHON=python3.11"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "This Python has no venv module. On Debian or Ubuntu: apt install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)

# The stamp is newer than the list it was installed from: a changed pin installs again, nothing else does.
$(VENV)/.user: requirements.txt | $(VENV)/bin/python
	@echo "Installing the packages into $(VENV) (about 6 GB with PyTorch, two minutes on a fast line) ..."
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -q -r requirements.txt
	@touch $@

$(VENV)/.dev: requirements-dev.txt $(VENV)/.user
	@echo "Installing the developers' packages ..."
	@$(BIN)/python -m pip install --disable-pip-version-check -q -r requirements-dev.txt
	@touch $@

setup: $(VENV)/.user ## Install everything a user needs into .venv

setup-dev: $(VENV)/.dev ## Install what developers need, too

demo: setup ## Run the demo shop with its worker (PORT=8000, DATA_DIR=var)
	@$(BIN)/python manage.py demo --host $(HOST) --port $(PORT)

test: setup-dev ## Run the tests
	@$(BIN)/python manage.py prepare_models
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

lint: setup-dev ## Check style and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: setup-dev ## Write the house style
	@$(BIN)/ruff check --fix . && $(BIN)/ruff format .

bench: setup ## Measure speed: ratios in one run, a table at the end
	@$(BIN)/python manage.py prepare_models
	@$(BIN)/python -m benchmarks $(ARGS)

clean: ## Remove the environment and caches; var/ (your data) stays
	@rm -rf $(VENV) .pytest_cache .mypy_cache .ruff_cache build dist *.egg-info
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
