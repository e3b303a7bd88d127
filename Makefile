# The commands of the shop: `make run` and `make test` set up all they need by themselves.
PYTHON ?= python3
BIN := .venv/bin
PY := $(BIN)/python
PIP := $(BIN)/pip install --quiet --disable-pip-version-check
PYTEST := $(PY) -m pytest --numprocesses auto --dist worksteal -rs --ignore tests/e2e
HOST ?= 127.0.0.1
PORT ?= 8000
export HOST PORT

.DEFAULT_GOAL := help
.PHONY: help run dev worker schedule test test-services test-browser lint format bench messages clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' Makefile | expand -t 16

$(BIN)/activate:
	@$(PYTHON) -c 'import sys; sys.exit("BookTime needs Python 3.11 or newer" if sys.version_info < (3, 11) else 0)'
	@$(PYTHON) -m venv .venv

.venv/.run: requirements.txt | $(BIN)/activate
	@echo "Installing what the shop needs …"
	@$(PIP) -r requirements.txt
	@touch $@

.venv/.dev: requirements-dev.txt requirements.txt | $(BIN)/activate
	@echo "Installing what the tests need …"
	@$(PIP) -r requirements-dev.txt
	@touch $@ .venv/.run

run: .venv/.run ## the whole shop at http://127.0.0.1:8000 (PORT=…, HOST=…)
	@exec $(PY) -m booktime.embedded

dev: .venv/.dev ## autoreload, debug pages, debug toolbar
	@test -f .env || $(PY) -c 'from booktime.embedded import ensure_secret_key; ensure_secret_key()'
	@mkdir -p var
	@DJANGO_SETTINGS_MODULE=booktime.settings.development $(PY) manage.py migrate --verbosity 0
	@DJANGO_SETTINGS_MODULE=booktime.settings.development $(PY) manage.py demo
	@DJANGO_SETTINGS_MODULE=booktime.settings.development $(PY) manage.py runserver $(HOST):$(PORT)

worker: .venv/.run ## the task worker
	@exec $(PY) manage.py db_worker --queue-name '*'

schedule: .venv/.run ## the clock that runs due jobs
	@exec $(PY) manage.py schedule

test: .venv/.dev ## the whole suite that needs no service
	@DATABASE_URL= REDIS_URL= $(PYTEST) && DATABASE_URL= REDIS_URL= $(PY) -m pytest -rs tests/e2e

test-services: .venv/.dev ## the same suite on PostgreSQL and Redis
	@DATABASE_URL=$${DATABASE_URL:-postgres://postgres@127.0.0.1:5432/postgres} \
	 REDIS_URL=$${REDIS_URL:-redis://127.0.0.1:6379/15} \
	 sh -c '$(PY) -m tests.services && $(PYTEST) -m "not pure" && exec $(PY) -m pytest -rs tests/e2e/test_buying.py tests/e2e/test_database_restart.py'

test-browser: .venv/.dev ## only the stories in a real browser
	@$(PY) -m pytest tests/e2e

lint: .venv/.dev ## style, types, templates, layers, migrations, deployment check
	@$(BIN)/ruff check . && $(BIN)/ruff format --check .
	@$(BIN)/djlint templates --lint --quiet
	@$(BIN)/lint-imports --verbose 2>/dev/null | tail -5; $(BIN)/lint-imports >/dev/null
	@$(BIN)/mypy
	@SECRET_KEY=$$(head -c 60 /dev/urandom | base64 | tr -d '\n') SITE_URL=https://books.example DATABASE_URL= \
	 $(PY) manage.py check --deploy --fail-level WARNING
	@SECRET_KEY=lint DATABASE_URL= $(PY) manage.py makemigrations --check --dry-run

format: .venv/.dev ## put the code into shape
	@$(BIN)/ruff check --fix . ; $(BIN)/ruff format .

bench: .venv/.dev ## measure import, lists, search and pages (docs/performance.md)
	@SECRET_KEY=bench $(PY) manage.py bench

messages: .venv/.dev ## collect the sentences into locale/ and compile it (needs GNU gettext)
	@SECRET_KEY=messages DATABASE_URL= $(PY) manage.py makemessages --all --no-wrap --add-location file --ignore '.venv' --ignore 'var' --ignore '*/tests/*'
	@$(BIN)/pybabel compile --directory locale --domain django --statistics

clean: ## remove what was installed, built and written; keeps var/ and .env
	@rm -rf .venv .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
