# Growth. `make` lists what there is.

PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python
UV := $(shell command -v uv 2>/dev/null)

EVERYDAY := not slow and not browser and not chaos and not guard
SLOW := slow and not browser and not chaos and not guard
ALONE := browser or chaos or guard

ifdef UV
install = $(UV) pip install --quiet --python $(PY) --require-hashes -r $(1)
else
install = { $(PY) -m pip --version >/dev/null 2>&1 || $(PY) -m ensurepip >/dev/null; } && \
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r $(1)
endif

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run demo test test-slow lint format bench lock clean

help: ## List these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: $(VENV)/.runtime ## Start Growth on http://127.0.0.1:8000 (HOST, PORT); Ctrl-C stops it
	@exec $(PY) manage.py up

demo: $(VENV)/.runtime ## Fill the database with a believable demo year, the same each time
	@$(PY) manage.py migrate --verbosity 0
	@$(PY) manage.py demo

test: $(VENV)/.dev ## The everyday tests: embedded, then on PostgreSQL and Redis where they answer
	@$(PY) .ci/suite.py -m "$(EVERYDAY)" -n 2

test-slow: $(VENV)/.dev ## Schema and long state machines, then browser, chaos and the guard-off twins
	@$(PY) .ci/suite.py -m "$(SLOW)" -n 2
	@$(PY) .ci/suite.py -m "$(ALONE)" # one by one: they kill, race and look at the time

lint: $(VENV)/.dev ## Style, types, who may import whom, migrations, deployment checks, vocabulary
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	$(PY) -m mypy
	PYTHONPATH=.ci $(VENV)/bin/lint-imports
	$(PY) manage.py makemigrations --check --dry-run
	@echo "$(PY) manage.py check --deploy --fail-level WARNING, in production settings"
	@SITE_URL=https://growth.example ALLOWED_HOSTS=growth.example \
		SECRET_KEY="$$($(PY) -c 'import secrets; print(secrets.token_urlsafe(48))')" \
		DATABASE_URL=postgres://growth@127.0.0.1:5432/growth REDIS_URL=redis://127.0.0.1:6379/0 \
		$(PY) manage.py check --deploy --fail-level WARNING
	$(PY) manage.py vocabulary --check

format: $(VENV)/.dev ## Put imports and lines in order
	$(PY) -m ruff check --fix .
	$(PY) -m ruff format .

bench: $(VENV)/.bench ## The measurements in their short form, as a table
	@$(PY) -m bench

lock: ## Compile requirements/*.in anew with uv (LOCK=--upgrade for newer versions)
	@command -v uv >/dev/null || { echo "make lock needs uv."; exit 1; }
	@for name in runtime traces dev bench; do \
		uv pip compile requirements/$$name.in --output-file requirements/$$name.txt --quiet --universal \
			--python-version 3.11 --generate-hashes --no-emit-index-url --no-header $(LOCK) || exit 1; \
	done

clean: ## Remove the environment and the caches; the data in var/ stays
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache staticfiles
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ── The environment ───────────────────────────────────────────────────────────────────────────────────────

$(PY):
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Growth needs Python 3.11 or newer, and $(PYTHON) is $$($(PYTHON) --version 2>&1):" \
			"name another one with PYTHON=…"; exit 1; }
	@echo "Making $(VENV) …"
ifdef UV
	@$(UV) venv --quiet --clear --python "$(PYTHON)" $(VENV)
else
	@$(PYTHON) -m venv --clear $(VENV) || { \
		echo "$(PYTHON) cannot make an environment: install its venv module (python3-venv on Debian) or uv."; \
		rm -rf $(VENV); exit 1; }
endif

$(VENV)/.runtime: requirements/runtime.txt | $(PY)
	@echo "Installing $< …"
	@$(call install,$<)
	@touch $@

$(VENV)/.dev: requirements/dev.txt | $(PY)
	@echo "Installing $< …"
	@$(call install,$<)
	@touch $@ $(VENV)/.runtime

$(VENV)/.bench: requirements/bench.txt | $(VENV)/.runtime
	@echo "Installing $< …"
	@$(call install,$<)
	@touch $@
