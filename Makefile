# From a bare python3 (3.11 or later) to a demo or a test run; everything goes into .venv.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test torture

demo: .venv/demo
	$(BIN)/python -m production_sql demo

test: .venv/test
	$(BIN)/python -m pytest -n auto

# Faults and random interleavings, each a good while; ROUNDS says how long.
torture: export PRODUCTION_SQL_ROUNDS = $(ROUNDS)
torture: .venv/test
	$(BIN)/python -m pytest -n auto -m torture

.venv/demo .venv/test: setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or later is \
	needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[$(if $(filter %/demo,$@),embedded,test)]'
	touch $@
