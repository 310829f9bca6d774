# make book | notebooks | test | bench | table1 | clean     DATASET=fashion-mnist|cifar10   SOURCE=path to CIFAR-10 files
PYTHON ?= python3
DATASET ?= $(L2H_DATASET)
SOURCE ?= $(L2H_SOURCE)
BIN := .venv/bin
export L2H_DATASET := $(DATASET)
export L2H_SOURCE := $(if $(SOURCE),$(abspath $(SOURCE)))

ifneq ($(SOURCE),)
ifeq ($(DATASET)$(filter table1,$(MAKECMDGOALS)),)
$(error SOURCE says where the files of a data set are; say which: DATASET=cifar10 SOURCE=$(SOURCE))
endif
endif

.PHONY: book notebooks test lint bench table1 clean
book: .venv/installed
	@# a failed strict build is forgotten, so that the next one fails again instead of passing on stale pages
	$(BIN)/jupyter-book build . -W -n --keep-going || { rm -rf _build/.doctrees _build/html; exit 1; }
	@echo "The book: $(CURDIR)/_build/html/index.html"

notebooks: book
	rm -rf _build/notebooks && cp -R _build/html/notebooks _build/notebooks
	@echo "The notebooks, and the package that they need: $(CURDIR)/_build/notebooks"

test: book
	$(BIN)/python -m pytest -n 2

lint: .venv/installed
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/codespell

bench: .venv/installed
	$(BIN)/python -m tests.benchmarks

table1: .venv/installed
	@# CIFAR-10 under the paper's protocol, into book/results; stopped, it goes on where it was
	$(BIN)/python -m l2h_tutorial.protocols.table1 $(if $(SOURCE),--source "$(L2H_SOURCE)")

.venv/installed: requirements.txt pyproject.toml
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	@touch $@

clean:
	rm -rf _build .pytest_cache .mypy_cache .ruff_cache .hypothesis
