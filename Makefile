# make run: set up, build the index, serve the app.  make test: set up, lint, test.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
EVAL_FILES := --html build/eval/report.html --json build/eval/report.json --junit build/eval/report.xml
export KB_HOME ?= $(CURDIR)/.kb

.PHONY: help setup run test eval eval-gate gate adversary bench fuzz lint lint-corpus format vectors clean

help:
	@echo "make run          set up, build the index, serve http://127.0.0.1:7860"
	@echo "make test         set up, lint, run all tests"
	@echo "make eval         ask the questions whose answers are known; report in build/eval"
	@echo "make eval-gate    the same, and fail on a broken invariant or a significant drop"
	@echo "make gate         error rates of the grounding gate; writes docs/gate.md"
	@echo "make adversary    a chat model that lies, through the whole chain"
	@echo "make bench        how quick it is, beside a plain LangChain pipeline; writes docs/performance.md"
	@echo "make fuzz         random texts and files to what reads them, guided by coverage (needs atheris)"
	@echo "make lint         ruff, mypy, import-linter, corpus lint"
	@echo "make lint-corpus  compare every English rendering with its Chinese"
	@echo "make vectors      after a change of the corpus: lock it and ship its vectors"
	@echo "make clean        remove the environment and everything built"

setup: $(STAMP)

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(0 if sys.version_info >= (3, 11) else "Python 3.11 or newer is needed; set PYTHON=python3.x")'
	$(PYTHON) -m venv $(VENV)
	@echo 'installing the pinned packages (some minutes the first time) …'
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

run: setup
	@$(BIN)/python app.py

test: lint
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile $(PYTEST_ARGS)

eval: setup
	OMP_NUM_THREADS=1 $(BIN)/kb eval $(EVAL_FILES)

eval-gate: setup
	OMP_NUM_THREADS=1 $(BIN)/kb eval --gate $(EVAL_FILES)

gate: setup
	$(BIN)/python -m eval.gate_report --write

adversary: setup
	$(BIN)/python -m eval.adversary

bench: setup
	OMP_NUM_THREADS=1 $(BIN)/python -m eval.bench --write $(BENCH_ARGS)

FUZZ_SECONDS ?= 300
fuzz: setup
	@for target in citations checks quotations uploads documents; do \
		$(BIN)/python -m eval.fuzz $$target --seconds $(FUZZ_SECONDS) || exit 1; \
	done

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/kb lint --strict

lint-corpus: setup
	$(BIN)/kb lint --strict

format: setup
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

vectors: setup
	$(BIN)/kb lock
	$(BIN)/kb index --ship

clean:
	rm -rf $(VENV) .kb .pytest_cache .mypy_cache .ruff_cache .hypothesis
