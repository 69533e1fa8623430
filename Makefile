# Wraps `python -m venv` and `pip install`; every other target is one command that can be typed by hand.
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.setup-done
# one thread a worker: the workers share the cores already
PYTEST := OMP_NUM_THREADS=1 $(BIN)/python -m pytest

.PHONY: setup demo test test-slow bench lint types arch docs fuzz api clean

setup: $(STAMP)

$(STAMP): pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -e '.[dev]'
	touch $@

demo: setup        ## tracks an object in the built-in clip
	$(BIN)/saccade demo

test: lint types arch  ## what a change must pass
	$(PYTEST) -n auto --maxprocesses 4

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

docs: setup        ## runs the README's examples and checks its links
	$(PYTEST) tests/e2e/test_readme.py

fuzz: setup        ## every property again, with many and fresh examples
	HYPOTHESIS_PROFILE=fuzz $(PYTEST) -m hypothesis -n auto --timeout 0

api: setup         ## writes the snapshot of the public names
	$(BIN)/python -m tests.api > api.txt

clean:             ## removes what was made here, except results in runs/
	rm -rf $(VENV) .bench-venv build dist site .hypothesis .*_cache
	find src tests -name __pycache__ -type d -prune -exec rm -rf {} +
