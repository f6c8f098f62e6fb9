# `make run` answers the main question; `make test` runs every check. Both install what they need into .venv.
PYTHON ?= python3
# How many worlds `make explore` draws for each claim about drawn worlds.
WORLDS ?= 1000
BIN := .venv/bin
UV_COMPILE := $(BIN)/uv pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes --no-annotate \
	--quiet --custom-compile-command "make lock"

.PHONY: run test explore bench docs rebuild-data lock clean
.DEFAULT_GOAL := run

run: .venv/installed-run
	$(BIN)/optimiser solve configs/base.yaml

test: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/pytest --numprocesses 2

explore: .venv/installed-dev
	WORLDS=$(WORLDS) $(BIN)/pytest --numprocesses 2 -m drawn --timeout 0

bench: .venv/installed-dev
	$(BIN)/python benchmarks/p_median.py
	$(BIN)/python benchmarks/sweep.py

docs: .venv/installed-dev
	$(BIN)/python docs/make.py
	$(BIN)/python docs/picture.py

rebuild-data: .venv/installed-dev
	$(BIN)/python data/mid-south-essex/rebuild.py --write

lock: .venv/installed-dev
	$(BIN)/pip install --quiet uv
	$(UV_COMPILE) --group build --extra export --extra serve --output-file requirements/run.txt
	$(UV_COMPILE) --group dev --all-extras --output-file requirements/dev.txt

clean:
	rm -rf .venv

.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "optimiser needs Python 3.11 or newer; say which with: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv .venv

.venv/installed-%: requirements/%.txt pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@echo "Installed into .venv:" $$($(BIN)/python -m pip list --disable-pip-version-check --format freeze)
	@touch $@
