# A fresh machine needs Python 3.11 or later and make; everything else comes into .venv.

PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
LOCK := $(BIN)/uv pip compile --quiet --generate-hashes --universal --python-version 3.11 --no-header \
	--no-emit-index-url --no-emit-find-links

# Without compiled files each of the many processes of demo and tests compiles four thousand modules again.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset test fuzz sabotage chaos bench bench-quick check fmt messages lock

help: ## what can be done here
	@sed -n 's/^\([a-z-]*\):.*## /  make \1\t/p' Makefile | expand -t 20

demo: .venv/installed ## a believable clinic on http://127.0.0.1:$PORT, ended by Ctrl-C
	@PORT=$(PORT) exec $(BIN)/python manage.py demo

demo-reset: .venv/installed ## the same, begun anew
	@PORT=$(PORT) exec $(BIN)/python manage.py demo --reset

# Real processes want the machine to themselves; everything else shares it between two runners.
test: .venv/installed ## the whole suite; ARGS="-k hold" for a part of it
ifdef ARGS
	$(BIN)/python -m pytest -rs $(ARGS)
else
	$(BIN)/python -m pytest -n 2 -m "not browser and not process"
	$(BIN)/python -m pytest -n 2 -m "browser and not process"
	$(BIN)/python -m pytest -m process
endif

fuzz: .venv/installed ## 100,000 mutated tokens, a thousand lives of appointments
	FUZZ_TOKENS=$(or $(TOKENS),100000) $(BIN)/python -m pytest --hypothesis-profile=thorough -rP \
		tests/api/test_mutated_tokens.py tests/booking_secrets/test_token_fuzz.py \
		tests/appointments/test_lifecycle_machine.py

sabotage: .venv/installed ## take each guard away in a copy: the suite must go red; ARGS="lock" for some
	$(BIN)/python -m tests.sabotage $(ARGS)

chaos: .venv/installed ## kill, stop and freeze everything under load; ARGS="PostgreSQL" for some
	$(BIN)/python -m tests.chaos $(ARGS)

bench: .venv/installed ## measure everything against its floor; ARGS="slots tick" for some
	$(BIN)/python -m bench $(ARGS)

bench-quick: .venv/installed ## the same on smaller sizes, in two minutes
	$(BIN)/python -m bench --quick $(ARGS)

check: .venv/installed ## every rule a machine can keep
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports --no-cache
	$(BIN)/djlint --lint --quiet templates
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python -m tests.migration_lint
	env $$(grep -v '^#' .ci/production.env) $(BIN)/python manage.py check --deploy --fail-level WARNING

fmt: .venv/installed ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

messages: .venv/installed ## bring the German texts up to date with the sources, and compile them
	@$(BIN)/python manage.py messages

lock: .venv/installed ## renew requirements/*.txt from pyproject.toml
	$(LOCK) --upgrade pyproject.toml -o requirements/base.txt
	$(LOCK) --upgrade pyproject.toml --group dev -c requirements/base.txt -o requirements/dev.txt
	$(LOCK) --group installer -c requirements/dev.txt -o requirements/installer.txt

.venv/installed: requirements/installer.txt requirements/dev.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or later is needed, $(PYTHON) is another: make PYTHON=/path/to/python" >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --require-hashes -r requirements/installer.txt
	$(BIN)/uv pip sync --quiet --require-hashes --python $(BIN)/python requirements/dev.txt
	@touch $@
