# What a newcomer guesses: make demo, make test, make lint, make format.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
FUZZ_SECONDS ?= 60

.DEFAULT_GOAL := help
.PHONY: help install dev demo test coverage soak fuzz mutants bench lint format docs reference lock build clean

help: ## Show the targets.
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | column -t -s '|'

$(BIN)/python:
	$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed: make PYTHON=python3.11 ...")'
	$(PYTHON) -m venv $(VENV)

$(VENV)/.installed: requirements/install.txt pyproject.toml | $(BIN)/python
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/install.txt
	$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $@

install: $(VENV)/.installed ## Set up .venv/bin/reconciler.
	@echo "Installed: $(BIN)/reconciler"

dev: $(VENV)/.dev ## Set up what tests and lint need.

demo: $(VENV)/.installed ## Run the main job on a copy of examples/quickstart.
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/quickstart/demo.sh

test: dev ## Run the tests.
	$(BIN)/pytest -n auto --dist worksteal

coverage: dev ## Run the tests and tell which lines and branches of reconciler/ none of them reaches, subprocesses included.
	$(BIN)/coverage erase
	$(BIN)/coverage run -m pytest -n auto --dist worksteal
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage report

soak: dev ## Run the slow tests at length: an apply killed at many random moments, years of a stack at random.
	RECONCILER_SOAK=1 RECONCILER_EXAMPLES=200 $(BIN)/pytest -n auto tests/system/test_killed.py tests/system/test_machine.py

fuzz: $(VENV)/.fuzz ## Feed bytes without end to the reader of manifests, guided by coverage (FUZZ_SECONDS=60).
	$(BIN)/python tests/fuzz_manifest.py -max_total_time=$(FUZZ_SECONDS)

$(VENV)/.fuzz: requirements/fuzz.txt $(VENV)/.dev
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/fuzz.txt
	@touch $@

mutants: $(VENV)/.mutants ## Change the decisions in many small ways, and see whether a test notices; some ten minutes.
	$(BIN)/mutmut run --max-children 2
	$(BIN)/mutmut results

$(VENV)/.mutants: requirements/mutants.txt $(VENV)/.dev
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/mutants.txt
	@touch $@

bench: dev ## Measure against floors in the same run; writes benchmarks/results.md.
	$(BIN)/python -m benchmarks

lint: dev ## Check format, lint, types and the architecture.
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: dev ## Format the code and repair what lint can.
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

$(VENV)/.docs: requirements/docs.txt $(VENV)/.dev
	$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements/docs.txt
	@touch $@

docs: $(VENV)/.docs ## Make the documentation's site: docs/_build/html/index.html.
	$(BIN)/sphinx-build -W --keep-going -n -q -d docs/_build/doctrees docs docs/_build/html
	@echo "Made: docs/_build/html/index.html"

reference: dev ## Write the reference pages and the picture again from the code.
	$(BIN)/python docs/generate.py

lock: ## Lock the newest dependencies (needs uv).
	uv pip compile pyproject.toml --group build --universal --python-version 3.11 --upgrade --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet -o requirements/install.txt
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --upgrade --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet -c requirements/install.txt -o requirements/dev.txt
	uv pip compile pyproject.toml --group docs --universal --python-version 3.11 --upgrade --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet \
		-c requirements/install.txt -c requirements/dev.txt -o requirements/docs.txt
	uv pip compile --group fuzz --universal --python-version 3.11 --upgrade --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet -o requirements/fuzz.txt
	uv pip compile --group mutants --universal --python-version 3.11 --upgrade --generate-hashes \
		--no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet \
		-c requirements/install.txt -c requirements/dev.txt -o requirements/mutants.txt

build: dev ## Build the wheel and the source distribution into dist/.
	$(BIN)/hatchling build

clean: ## Remove what the other targets made.
	rm -rf $(VENV) dist docs/_build .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .coverage .coverage.*
