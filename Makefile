# make book | notebooks | test | lint | links | bench | table1 | clean     DATASET=fashion-mnist|cifar10   SOURCE=path to CIFAR-10 files
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

.PHONY: book notebooks test lint links bench table1 clean
book: .venv/installed
	@# a failed strict build is forgotten, so that the next one fails again instead of passing on stale pages
	$(BIN)/jupyter-book build . -W -n --keep-going || { rm -rf _build/.doctrees _build/html _build/editions; exit 1; }
	@echo "The book: $(CURDIR)/_build/html/index.html"

notebooks: book
	@echo "Notebooks, each with the package beside it:"
	@echo "  for readers      $(CURDIR)/_build/html/notebooks"
	@echo "  for students     $(CURDIR)/_build/editions/student"
	@echo "  for instructors  $(CURDIR)/_build/editions/instructor"

test: book
	@# two workers with one thread each: more would wait for one another
	OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1 $(BIN)/python -m pytest -n 2

lint: .venv/installed
	$(BIN)/ruff check . && $(BIN)/ruff format --check . && $(BIN)/mypy && $(BIN)/codespell

links: book
	@# links that lead elsewhere; those within the book are checked by every build and by the tests
	$(BIN)/jupyter-book build . --builder linkcheck

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
