# Three commands for a bare checkout: `make run`, `make demo` and `make test`. Each sets up what it needs, in .venv.
# Everything in .venv is run as `.venv/bin/python -m …`: its scripts know the folder they were made in.

PYTHON ?=
python := .venv/bin/python
export PYTHONUTF8 := 1
# Where the machine says so, no process would keep what it has compiled, and each of many hundreds compile it all anew.
unexport PYTHONDONTWRITEBYTECODE

# Nothing is done where all is ready; else with the newest Python that will do, or the one named.
define prepare
@$(if $(PYTHON),false,$(python) -IS tools/bootstrap.py ready $(1) 2>/dev/null) || { \
	for found in $(if $(PYTHON),"$(PYTHON)",python3.13 python3.12 python3.11 python3); do \
		if "$$found" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			exec "$$found" tools/bootstrap.py $(1) $(if $(PYTHON),--exact); \
		fi; \
	done; \
	echo "Python 3.11 or newer is needed: install it, or name it (make PYTHON=/path/to/python3.11 …)" >&2; exit 1; }
endef

step = @printf '\n--- %s\n' "$(1)" >&2

.PHONY: help run demo test check audit pictures bench
.DEFAULT_GOAL := help

help: ## show these commands
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-8s  %s\n", $$1, $$2 }' Makefile

run: ## run the forum on http://127.0.0.1:8080, with its own database; Ctrl-C ends it
	$(call prepare,run)
	@exec $(python) run.py

demo: export FORUM_DATA_DIR ?= var/demo
demo: ## run it with an invented network of members and topics, in var/demo, and print whom to sign in as
	$(call prepare,run)
	@$(python) run.py demo
	@exec $(python) run.py

# Three at a time also on two processors: who drives a browser or a server mostly waits.
test: ## run all tests
	$(call prepare,test)
	@$(python) -m pytest -n 3 --dist loadgroup --ignore tests/audit

check: ## check style, types, layers, SQL, templates, spelling and translations, then run all tests
	$(call prepare,check)
	@$(MAKE) --no-print-directory -j 2 --output-sync=target $(checks)
	$(call step,tests)
	@$(python) -m pytest -n 3 --dist loadgroup --ignore tests/audit

# What reads the files alone, the longest first: two at a time.
checks := types SQL translations templates spelling layers lint format
.PHONY: $(checks)

types:
	$(call step,types)
	@$(python) -m mypy

SQL:
	$(call step,SQL)
	@$(python) -m sqlfluff lint --disable-progress-bar schema.sql forum/migrations
	@.venv/bin/squawk forum/migrations/*.sql

translations:
	$(call step,translations)
	@$(python) tools/translations.py check

templates:
	$(call step,templates)
	@$(python) -m djlint forum/templates --lint --quiet

spelling:
	$(call step,spelling)
	@$(python) -m codespell_lib

layers:
	$(call step,layers)
	@$(python) -c 'from importlinter.cli import lint_imports_command; lint_imports_command()'

lint:
	$(call step,lint)
	@$(python) -m ruff check .

format:
	$(call step,format)
	@$(python) -m ruff format --check .

audit: export KOINON_AUDIT := 1
audit: ## make check with the long tests in full, then hostile lists, HTML, Lighthouse, clocks, recipes (Node, Java)
	$(call prepare,audit)
	@$(MAKE) check
	$(call step,audit)
	@$(python) -m pytest tests/audit

pictures: ## take the pictures of docs/pictures, of a demo of its own
	$(call prepare,test)
	@$(python) -m tools.pictures

bench: ## measure the forum beside a bare handler (BENCH="--database small --case home" for a part; --help)
	$(call prepare,test)
	@$(python) -m tools.bench $(BENCH)
