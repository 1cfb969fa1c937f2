# make run    the product with its demo election, on SQLite
# make test   every test, on SQLite (DATABASE_URL=postgres://… for PostgreSQL)
# make check  everything CI runs
# PORT= and DATA_DIR= are honoured.

PYTHON ?= python3
PORT ?= 8000
DATA_DIR ?= $(CURDIR)/data
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
POSTGRES_URL ?= postgres://postgres@127.0.0.1:5432/postgres

.PHONY: run test check messages lock clean
.DEFAULT_GOAL := run

# A bare Debian has neither ensurepip nor a writable system site-packages: the
# environment is made without pip and filled from outside.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Dauys needs Python 3.11 or newer; choose one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv --without-pip $(VENV)

ifdef UV
install = @$(UV) pip install --quiet --python $(BIN)/python --require-hashes -r $(1)
else
install = @$(PYTHON) -m pip --python $(BIN)/python install --quiet --disable-pip-version-check --require-hashes -r $(1)
endif

$(VENV)/.base: requirements/base.txt | $(BIN)/python
	@echo "Installing what Dauys runs on: half a minute the first time"
	$(call install,requirements/base.txt)
	@touch $@

$(VENV)/.dev: requirements/dev.txt $(VENV)/.base
	@echo "Installing what the tests need: a minute the first time"
	$(call install,requirements/dev.txt)
	@touch $@

run: export ENVIRONMENT = demo
run: export PUBLIC_URL ?= http://127.0.0.1:$(PORT)
run: export DATA_DIR := $(DATA_DIR)
run: $(VENV)/.base
	@$(BIN)/python -c 'import socket; socket.create_server(("127.0.0.1", $(PORT)))' 2>/dev/null || { echo "Something else listens on port $(PORT). Choose another: make run PORT=8010"; exit 1; }
	@$(BIN)/python manage.py migrate --verbosity 0
	@$(BIN)/python manage.py load_demo
	@echo "Dauys is at http://127.0.0.1:$(PORT)/ (stop with Ctrl-C)"
	@$(BIN)/python manage.py tick --every 15 & clock=$$!; \
	$(BIN)/waitress-serve --listen=127.0.0.1:$(PORT) --threads=8 --connection-limit=1000 --channel-timeout=20 config.wsgi:application & server=$$!; \
	trap 'kill $$clock $$server 2>/dev/null; wait' EXIT; trap 'exit 0' INT TERM; \
	wait $$server

test: $(VENV)/.dev
	ENVIRONMENT=test $(BIN)/python -m pytest -q -n auto --dist worksteal $(PYTEST_ARGS)

check: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/djlint templates --lint --quiet
	ENVIRONMENT=test $(BIN)/mypy .
	$(BIN)/lint-imports
	ENVIRONMENT=test $(BIN)/python manage.py makemigrations --check --dry-run
	$(MAKE) test
	$(MAKE) test DATABASE_URL="$(POSTGRES_URL)"
	$(BIN)/python benchmarks/kill_ledger.py --kills 40
	$(BIN)/python benchmarks/kill_ledger.py --kills 40 --postgres "$(POSTGRES_URL)"

# For maintainers: needs gettext.
messages: $(VENV)/.dev
	ENVIRONMENT=test $(BIN)/python manage.py makemessages --no-location --no-wrap --locale ru --locale kk --ignore .venv --ignore data --ignore tests
	ENVIRONMENT=test $(BIN)/python manage.py compilemessages --ignore .venv

# For maintainers: needs uv. The lock files name no index address.
lock:
	for name in base postgres dev; do \
	  uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
	    --quiet requirements/$$name.in --output-file requirements/$$name.txt; done

clean:
	rm -rf $(VENV) data .mypy_cache .ruff_cache .pytest_cache
