# From a bare python3 (3.11 or later) to a demo or a test run; everything goes into .venv.
PYTHON ?= python3
BIN := .venv/bin
# What is tested by make host.
HOST := $(addprefix tests/test_,adopting.py docs.py fastapi_app.py pytest_plugin.py saga.py \
	verify.py)

.PHONY: demo test host check pooler torture matrix bench bench-smoke bench-scale

demo: .venv/demo
	$(BIN)/python -m production_sql demo

test: .venv/test
	$(BIN)/python -m pytest -n auto --dist worksteal --ignore-glob='tests/test_check*' \
	$(addprefix --ignore=,$(HOST))

# What a host meets besides the calls: documentation, examples, the pytest plugin, adoption.
host: .venv/test
	$(BIN)/python -m pytest -n auto --dist worksteal $(HOST)

# Every query, contract and migration, by a server; and the tests of what checks them.
check: .venv/test
	$(BIN)/python -m production_sql check
	$(BIN)/python -m pytest -n auto tests/test_check*

# What the calls promise, through a PgBouncer in transaction mode, which has to be installed.
pooler: export PRODUCTION_SQL_TEST_POOLER = start
pooler: .venv/test
	$(BIN)/python -m pytest -n auto -k 'not repeatable and not serializable' tests/promises \
	tests/test_concurrency.py tests/test_model.py tests/test_operation.py

# Faults, crashes and random calls at once; SECONDS says how long each of the random tests is,
# and WORKERS how many tests there are at once, of which many do no more than wait.
torture: export PRODUCTION_SQL_SECONDS = $(SECONDS)
torture: .venv/test
	$(BIN)/python -m pytest -n $(or $(WORKERS),auto) -m torture

# The tests on every PostgreSQL and Python that is supported; ONLY=14 is one PostgreSQL.
matrix: .venv/test
	$(BIN)/python -m tests.matrix $(ONLY)

# What the calls cost beside other ways of doing the same; into docs/performance. The smoke is
# a little of all, for the results to be compared.
bench: .venv/bench
	$(BIN)/python -m benchmarks

bench-smoke: .venv/bench
	$(BIN)/python -m benchmarks --smoke >/dev/null

# What they cost in tables of ten thousand, one million and ten million rows.
bench-scale: .venv/bench
	$(BIN)/python -m benchmarks.scale

.venv/demo .venv/test .venv/bench: setup.cfg pyproject.toml
	@$(PYTHON) -c 'import sys; sys.version_info >= (3, 11) or sys.exit("Python 3.11 or later is \
	needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[$(subst demo,embedded,$(@F))]'
	touch $@
