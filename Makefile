# Every command of the project. `make help` lists them; CI runs `make test`.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
CONSTRAINTS := tests/constraints.txt
INSTALL := $(PIP) install --no-compile -c $(CONSTRAINTS)
SERVE ?= 1
RUN ?= true

# Machines that are made anew for each run often forbid it; then each of the hundreds of Pythons that
# the tests start compiles all that it imports, which takes it longer than its work.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup demo docs check test test-beside test-here test-webkit test-binder test-fast firefox versions coverage rehearsal binder bench \
  constraints dist hooks hosts clean browser node

help:  ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(VENV)/.test node browser  ## Install everything that development needs

demo: $(VENV)/.lab  ## Run the quickstart offline, then open it in JupyterLab (SERVE=0: only run)
	@$(BIN)/python tools/demo.py $(if $(filter 0,$(SERVE)),--no-serve)

check: $(VENV)/.test node  ## Formatting, lint, types, layers, built JavaScript, clean notebooks, the site
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	npm run --silent check
	$(BIN)/python tools/check_static.py
	$(BIN)/nbstripout --keep-id --verify notebooks/*.ipynb notebooks/zh/*.ipynb binder/*.ipynb
	@mkdir -p build  # --quiet would keep warnings from being counted
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build >build/site.log 2>&1 || { grep -v INFO build/site.log; exit 1; }

test: $(VENV)/.test node browser  ## Everything: checks, all tests, every SDK version, Binder, the README
	@mkdir -p build
	@rm -f build/hosts.jsonl build/tried-again.txt  # the tests append to them
	@echo "Chromium, the tests of every sample, Firefox, WebKit, Binder; all others beside them, standing back."
	@$(call beside,test-beside,$(CHROMIUM) && $(FIREFOX) $(IN_SHORT) && $(TWO_AT_ONCE) test-webkit test-binder)
	@$(BIN)/python -m tools.hosts
	@[ ! -s build/tried-again.txt ] || { echo "Tried again:"; cat build/tried-again.txt; }

BROWSER := $(BIN)/python -m pytest tests/browser --reruns 1
CHROMIUM := $(BROWSER) -m "not alone" -n 2 --dist worksteal && $(BROWSER) -m alone
FIREFOX := $(BROWSER) --browser firefox
# Each ability once: the text, every sample, Stop, what is kept, devices, the explorers, the panel.
IN_SHORT := -m in_short
WEBKIT := $(BIN)/python -m pytest tests/webkit --reruns 1
BINDER := $(BIN)/python -m pytest tests/binder --reruns 1
NOX := $(BIN)/nox -r -s
# $(call beside,target,command): run both, and let the target stand back; fail when one fails.
beside = $(IDLY) $(MAKE) --no-print-directory $(1) >build/$(1).log 2>&1 & beside=$$!; \
  trap 'kill $$beside 2>/dev/null' EXIT; \
  $(2); seen=$$?; wait $$beside; rest=$$?; cat build/$(1).log; exit $$((seen + rest))
# Linux shares the processors among sessions first: niceness counts within one, and that of a session is its own.
IDLY := $(shell command -v setsid) sh -c 'echo 10 2>/dev/null >/proc/self/autogroup; exec nice -n 10 "$$@"' idly

# One mostly plays, the other mostly installs.
TWO_AT_ONCE := $(MAKE) --no-print-directory --jobs 2 --output-sync

test-webkit:
	$(WEBKIT)

test-binder:
	$(BINDER) -m "not every_notebook"

# One mostly computes, the other mostly waits for kernels.
test-beside: check
	$(TWO_AT_ONCE) versions test-here

test-here:
	npm test --silent
	$(BIN)/python -m pytest tests/protocol tests/notebooks -n 2 --reruns 1
	$(BIN)/python -m pytest tests/unit -m slow -n 2
	$(BIN)/python -m pytest tests/rehearsal

firefox: $(VENV)/.test browser  ## All that is marked every_browser, in Firefox
	$(FIREFOX)

versions: $(VENV)/.test browser  ## The oldest and the newest Python, Jupyter and SDK; other clients
	$(NOX) lowest newest protocol clients

test-fast: $(VENV)/.test node  ## The tests that need no browser, in 3 minutes at most (SLOW=1: and the slow ones of them)
	$(BIN)/python -m pytest -q tests/unit tests/protocol -n 2 $(if $(filter 1,$(SLOW)),,-m "not slow")

coverage: $(VENV)/.test  ## What the unit tests run of the package; too slow for every time
	rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest -q tests/unit -n 2
	$(BIN)/coverage combine -q
	$(BIN)/coverage report

rehearsal: $(VENV)/.test  ## Follow the README in a fresh clone, as a new user would
	$(BIN)/python -m pytest tests/rehearsal

binder: $(VENV)/.test node browser  ## Binder without Docker: build it, start it behind a proxy, run every notebook
	$(BINDER)

bench: $(VENV)/.test  ## The benchmarks, as ratios
	$(BIN)/python -m tests.benchmarks

docs: $(VENV)/.test  ## The site in build/site, with tutorials that have run
	@rm -rf build/docs && mkdir -p build && cp -RL docs build/docs  # a tutorial that runs leaves files
	OMNI_NB_DOCS_DIR=build/docs OMNI_NB_DOCS_RUN=$(RUN) OMNI_NB_STAND_IN_PACE=0 NO_MKDOCS_2_WARNING=1 \
	  $(BIN)/mkdocs build

hosts: $(VENV)/.test  ## The table in docs/hosts.md, from the last run of the tests
	$(BIN)/python -m tools.hosts

# -c, not PIP_CONSTRAINT: that would reach the environments that nox and Binder's rehearsal make, too.
# One file for every Python: markers say which line is for which. The other has what we name ourselves
# as low as pyproject.toml allows.
constraints: $(VENV)/.release  ## Renew the versions that the tests install (KEEP=1: only add what is missing)
	$(COMPILE) --extra test --extra release --output-file $(CONSTRAINTS)
	$(COMPILE) --extra test --resolution lowest-direct --output-file tests/lowest.txt

COMPILE = $(BIN)/uv pip compile --quiet pyproject.toml --universal --python-version 3.10 \
  $(if $(filter 1,$(KEEP)),,--upgrade) --no-annotate --custom-compile-command 'make constraints'

hooks:  ## Let git refuse a subject of more than 72 characters (with pre-commit: `pre-commit install`)
	@hook="$$(git rev-parse --git-path hooks)/commit-msg"; mkdir -p "$$(dirname "$$hook")"; \
	  if [ -e "$$hook" ] && ! grep -q commit_subject.py "$$hook"; then echo "$$hook is there already" >&2; exit 1; fi; \
	  cp tools/commit_subject.py "$$hook" && chmod +x "$$hook"

dist: $(VENV)/.release  ## Build sdist and wheel, check them, try the wheel in a clean environment (TAG=v1.2.3)
	$(BIN)/python tools/dist.py $(if $(TAG),--tag "$(TAG)")

clean:  ## Remove what the commands made
	rm -rf $(VENV) .nox build dist node_modules .coverage* .hypothesis .mypy_cache .pytest_cache \
	  .ruff_cache .import_linter_cache .cache

browser: $(VENV)/.test
	@$(BIN)/python tools/chromium.py
	@$(BIN)/python -m tools.firefox
	@$(BIN)/python -m tools.webkit

node: node_modules/.package-lock.json

node_modules/.package-lock.json: package.json package-lock.json
	@command -v npm >/dev/null || { echo "node and npm are missing: install Node.js 20 or newer" >&2; exit 1; }
	npm ci --silent --no-audit --no-fund

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
	  { echo "omni_nb needs Python 3.10 or newer; say which: make PYTHON=python3.12 ..." >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(PIP) install --upgrade pip

$(VENV)/.lab: pyproject.toml $(CONSTRAINTS) | $(VENV)/bin/python
	$(INSTALL) -e '.[lab]'
	@touch $@

$(VENV)/.test: pyproject.toml $(CONSTRAINTS) | $(VENV)/bin/python
	$(INSTALL) -e '.[test]'
	@touch $@ $(VENV)/.lab

$(VENV)/.release: pyproject.toml $(CONSTRAINTS) | $(VENV)/bin/python
	$(INSTALL) -e '.[release]'
	@touch $@
