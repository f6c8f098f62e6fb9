# `make run` answers the main question; `make test` runs every check. Both install what they need into .venv.
PYTHON ?= python3
# How many worlds `make explore` draws for each claim about drawn worlds.
WORLDS ?= 1000
BIN := .venv/bin
NEWEST := .venv-newest
AUDIT := .venv-audit
VALHALLA := .venv-valhalla
UV_COMPILE := $(BIN)/uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate \
	--quiet --custom-compile-command "make lock"

# What is compiled is kept, where an image forbids it too: tests start many processes, each of which would compile all.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test types suite quick explore deep mutate newest valhalla bench docs site rebuild-data lock sbom audit clean
.DEFAULT_GOAL := run

run: .venv/installed-run
	$(BIN)/optimiser solve configs/base.yaml

test: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(MAKE) --no-print-directory --jobs 2 types suite

types:
	$(BIN)/mypy

suite:
	$(BIN)/pytest --numprocesses 2 --dist loadfile

# In under a minute: format, contracts and the core tests.
quick: .venv/installed-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/pytest --quiet -m core

explore: .venv/installed-dev
	WORLDS=$(WORLDS) $(BIN)/pytest --numprocesses 2 -m drawn --timeout 0

# What takes minutes each: every question and option that ships, answered alike by what is packed for reviewers, and
# the largest of what other tests hold in smaller worlds.
deep: .venv/installed-dev
	$(BIN)/pytest --numprocesses 2 -m deep --timeout 0

# Whether the tests notice: 300 small changes to the checkers, one at a time. It takes an hour or so, in one process.
mutate: .venv/installed-dev
	nice $(BIN)/python tests/mutate.py

# The core tests on the newest versions that pyproject.toml allows, in an environment of their own.
newest: $(NEWEST)/bin/python
	$(NEWEST)/bin/python -m pip install --quiet --upgrade pip
	$(NEWEST)/bin/python -m pip install --quiet --upgrade --upgrade-strategy eager --editable '.[export,serve]' --group dev
	@echo "Installed into $(NEWEST):" $$($(NEWEST)/bin/python -m pip list --format freeze)
	$(NEWEST)/bin/pytest --quiet -m core

# What asks the real Valhalla. It is half a gigabyte on Python 3.11, and half of that on a newer one, so that it has an
# environment of its own.
valhalla: $(VALHALLA)/installed
	$(VALHALLA)/bin/python -m pytest --quiet tests/inputs/test_valhalla.py

bench: .venv/installed-dev
	$(BIN)/python benchmarks/p_median.py
	$(BIN)/python benchmarks/sweep.py

docs: .venv/installed-dev
	$(BIN)/python docs/make.py
	$(BIN)/python docs/any_place.py
	$(BIN)/python docs/roads.py
	$(BIN)/python docs/picture.py

# All pages as one site, which loads nothing from elsewhere; a link to what is not there fails.
site: .venv/installed-dev
	$(BIN)/sphinx-build --quiet --fail-on-warning --builder html --conf-dir docs . dist/site
	@echo "Open dist/site/docs/index.html."

rebuild-data: .venv/installed-dev
	$(BIN)/python data/mid-south-essex/rebuild.py --write
	$(BIN)/python data/mid-south-essex/rebuild_roads.py --write

lock: .venv/installed-dev
	$(BIN)/pip install --quiet uv
	$(UV_COMPILE) pyproject.toml --group build --extra export --extra serve --output-file requirements/run.txt
	$(UV_COMPILE) pyproject.toml --group dev --extra benchmarks --extra cluster --extra export --extra import --extra osm \
		--extra serve --extra sources --output-file requirements/dev.txt
	$(UV_COMPILE) pyproject.toml --group dev --extra osm --extra valhalla --constraint requirements/dev.txt \
		--output-file requirements/valhalla.txt
	$(UV_COMPILE) --group audit --constraint requirements/dev.txt --output-file requirements/audit.txt

# Everything that the program installs, with versions and hashes, as CycloneDX; the same versions give the same bytes.
sbom: $(AUDIT)/installed
	mkdir -p dist
	PYTHONWARNINGS=ignore::UserWarning $(AUDIT)/bin/cyclonedx-py requirements requirements/run.txt --pyproject pyproject.toml --output-reproducible \
		--output-format JSON --output-file dist/sbom.json
	@echo "Wrote dist/sbom.json."

# Whether anything installed is known to be unsafe. It asks the package index, and fails where that knows nothing of a package.
audit: $(AUDIT)/installed
	$(AUDIT)/bin/pip-audit --requirement requirements/run.txt --disable-pip --require-hashes --strict

clean:
	rm -rf .venv $(NEWEST) $(AUDIT) $(VALHALLA)

.venv/bin/python $(NEWEST)/bin/python $(AUDIT)/bin/python $(VALHALLA)/bin/python: %/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "optimiser needs Python 3.11 or newer; say which with: make PYTHON=python3.12"; exit 1; }
	$(PYTHON) -m venv $*

$(AUDIT)/installed: requirements/audit.txt | $(AUDIT)/bin/python
	$(AUDIT)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	@touch $@

$(VALHALLA)/installed: requirements/valhalla.txt pyproject.toml | $(VALHALLA)/bin/python
	$(VALHALLA)/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	$(VALHALLA)/bin/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@touch $@

.venv/installed-%: requirements/%.txt pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement $<
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --no-deps --editable .
	@$(BIN)/python -m pip list --disable-pip-version-check --format freeze >$@
	@echo "Installed $$(wc -l <$@ | tr -d ' ') packages into .venv; their versions stand in $@."
