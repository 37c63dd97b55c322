# `make` alone lists the targets. Needs Python 3.11 or later with venv, and make; nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
JOBS ?= auto

.DEFAULT_GOAL := help
.PHONY: help demo test mutants lint types format bench bench-national docs templates clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

$(VENV)/.ready: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "需要 Python 3.11 或更新；可用 make PYTHON=python3.12 指定")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[test]'
	touch $@

demo: $(VENV)/.ready ## a whole campaign on invented figures, in demo/
	$(BIN)/run-pipeline demo demo

test: $(VENV)/.ready ## all tests
	$(BIN)/python -m pytest -n $(JOBS) -q -rs

lint: $(VENV)/.ready ## ruff, and the campaign's own lint
	$(BIN)/ruff check pipeline tests tools benchmarks
	$(BIN)/ruff format --check pipeline tests tools benchmarks
	$(BIN)/run-pipeline lint

types: $(VENV)/.ready ## mypy --strict
	$(BIN)/mypy

format: $(VENV)/.ready ## write the code as ruff would
	$(BIN)/ruff format pipeline tests tools benchmarks
	$(BIN)/ruff check --fix pipeline tests tools benchmarks

mutants: $(VENV)/.ready ## small faults put into the code: which of them no test finds
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[mutants]'
	$(BIN)/python -m tools.mutants

bench: $(VENV)/.ready ## side-by-side timings, as ratios within one run: a quarter of an hour
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[bench]'
	$(BIN)/python -m benchmarks.bench

bench-national: $(VENV)/.ready ## the returns of a country, and the store at that size: an hour
	$(BIN)/python -m benchmarks.bench national

docs: $(VENV)/.ready ## rebuild the references generated from code
	$(BIN)/python -m tools.make_references

templates: $(VENV)/.ready ## rebuild templates/xlsx
	$(BIN)/python -m tools.make_standard_workbook

clean: ## remove what make made
	rm -rf $(VENV) demo build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .cache
