# Two commands are sacred: `make demo` and `make test`. Everything else is for people who change seqwatch.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: demo test lint check bench screenshots lock clean

$(VENV)/.run: .ci/locks/run.txt pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "seqwatch needs Python 3.11 or newer; this is " + sys.version.split()[0])'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/locks/run.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	-$(BIN)/python -m compileall -q -j 0 $(VENV)/lib seqwatch_tui
	@touch $@

$(VENV)/.dev: $(VENV)/.run .ci/locks/dev.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r .ci/locks/dev.txt
	@touch $@

demo: $(VENV)/.run  ## install, then open the console on a live demo site
	$(BIN)/seqwatch demo

test: $(VENV)/.dev  ## install, then run all tests
	$(BIN)/python -m pytest

lint: $(VENV)/.dev  ## format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check: lint test  ## everything that must hold before a commit

bench: $(VENV)/.dev  ## the figures of README, in one run on this machine
	$(BIN)/python -m tests.bench

screenshots: $(VENV)/.dev  ## screenshots/ from the running app
	$(BIN)/python -m tests.console.screenshots

lock: $(VENV)/.dev  ## write .ci/locks anew (hashes, no index addresses)
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml .ci/build.in -o .ci/locks/run.txt
	$(BIN)/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-header --python-version 3.11 pyproject.toml --group dev -o .ci/locks/dev.txt

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .bench
