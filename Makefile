# Wraps `python -m venv` and `pip install`; every other target is one command that can be typed by hand.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.setup-done
# one thread a worker: the workers share the cores already; and the package is compiled once, not by each of
# the commands that tests start
PYTEST := OMP_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest

.PHONY: setup demo test test-slow bench lint types arch docs notebooks dist dist-check fuzz coverage mutants api clean

setup: $(STAMP)

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -e '.[dev]'
	touch $@

demo: setup        ## tracks an object in the built-in clip
	$(BIN)/saccade demo

test: lint types arch  ## what a change must pass
	$(PYTEST) -n auto --maxprocesses 4 --dist worksteal

test-slow: setup   ## the tests that take minutes
	$(PYTEST) -m slow

bench: setup       ## eco beside OpenCV's trackers, networks, the runner and training samples beside plain ones
	$(BIN)/python -m tests.bench
	$(BIN)/python -m tests.bench.networks
	$(BIN)/python -m tests.bench.evaluation
	$(BIN)/python -m tests.bench.samples

lint: setup        ## style
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: setup       ## static types
	$(BIN)/mypy

arch: setup        ## imports point down
	$(BIN)/lint-imports --no-logo

docs: $(VENV)/.docs-done  ## builds the site and runs the pages' examples; a link that leads nowhere fails
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict
	SACCADE_TEST_SITE=site $(PYTEST) tests/e2e/test_readme.py tests/e2e/test_pages.py tests/e2e/test_site.py

notebooks: setup   ## writes the notebooks of examples/*.py
	$(BIN)/python -m docs.examples

$(VENV)/.docs-done: $(STAMP)
	$(BIN)/python -m pip install -e '.[docs]'
	touch $@

dist: setup        ## wheel and sdist, and looks through them
	$(BIN)/python -m pip install 'build>=1.2'
	rm -rf dist
	$(BIN)/python -m build
	SACCADE_TEST_DIST=dist $(PYTEST) tests/e2e/test_dist.py

dist-check: dist   ## the wheel in an empty environment: it is imported, and tracks
	$(PYTHON) -m venv --clear build/empty
	build/empty/bin/python -m pip install dist/*.whl
	cd build && empty/bin/saccade demo --out demo

fuzz: setup        ## 100,000 files, messages and options for every parser; every property with many and fresh examples
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.fuzz --cases 100000
	HYPOTHESIS_PROFILE=fuzz $(PYTEST) -m hypothesis -n auto --timeout 0

coverage: setup    ## which lines no test runs, by module
	$(BIN)/python -m pip install pytest-cov
	$(PYTEST) -n auto --maxprocesses 4 --cov=saccade --cov-report=term

mutants: setup     ## changes to scores, operations and solvers that no test notices
	OMP_NUM_THREADS=1 $(BIN)/python -m tests.mutants

api: setup         ## writes the snapshot of the public names
	$(BIN)/python -m tests.api > api.txt

clean:             ## removes what was made here, except results in runs/
	rm -rf $(VENV) .bench-venv build dist site .hypothesis .*_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
