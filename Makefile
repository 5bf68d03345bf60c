# One command each: app, test, check, bench. Every target creates or reuses the virtual environment it needs.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
RUN_STAMP := $(VENV)/.run-$(shell cksum requirements.txt | cut -d' ' -f1)
DEV_STAMP := $(VENV)/.dev-$(shell cat requirements.txt requirements-dev.txt 2>/dev/null | cksum | cut -d' ' -f1)
NODE_STAMP := node_modules/.installed-$(shell cat package.json package-lock.json 2>/dev/null | cksum | cut -d' ' -f1)
NODE   := $(BIN)/node
PORT   ?= 8501
# Where the app listens: this machine only, unless ATTNVIZ_HOST says otherwise (0.0.0.0: every network that it is on).
HOST   := $(or $(ATTNVIZ_HOST),localhost)

# In a bundle (make bundle) wheels and models lie beside this file, and no network is needed.
OFFLINE := $(if $(wildcard wheels),--no-index --find-links wheels)
ifneq ($(wildcard fetched),)
export ATTNVIZ_MODEL_CACHE ?= $(CURDIR)/fetched
endif
BUNDLE ?= build/bundle

.PHONY: app models bundle test test-quick check format bench browser clean help

help:
	@echo "make app     run the app on http://$(HOST):$(PORT)"
	@echo "make models  fetch the models of the catalogue that do not come along: 290 MB, once"
	@echo "make bundle  all of that in one folder, for machines without a network: BUNDLE=folder"
	@echo "make test    the whole suite: JavaScript and Python units, AppTest and a real browser"
	@echo "make test-quick  each test once, without a browser"
	@echo "make check   lint, format and types, of Python and of JavaScript"
	@echo "make bench   the benchmarks, as ratios against the peer"
	@echo "make format  apply the formatter"

app: $(RUN_STAMP)
	$(BIN)/python -m streamlit run app.py --server.port $(PORT) --server.address $(HOST)

models: $(RUN_STAMP)
	$(BIN)/python -m attnviz fetch --all

bundle: $(RUN_STAMP)
	$(BIN)/python tools/bundle.py $(BUNDLE)

# Whole files go to two workers, in the order of tests/conftest.py: the longest first.
PYTEST := $(BIN)/python -m pytest tests -n 2 --dist loadfile --no-loadscope-reorder --durations=10

test: $(DEV_STAMP) browser
	$(NODE) --test tests/javascript/*.test.js
	$(PYTEST)

test-quick: $(DEV_STAMP)
	$(NODE) --test tests/javascript/*.test.js
	$(PYTEST) --quick

check: $(DEV_STAMP) $(NODE_STAMP)
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python -m mypy
	$(NODE) node_modules/eslint/bin/eslint.js .
	$(NODE) node_modules/typescript/bin/tsc --project jsconfig.json
	$(NODE) node_modules/typescript/bin/tsc --project jsconfig.strict.json

format: $(DEV_STAMP)
	$(BIN)/python -m ruff check --fix .
	$(BIN)/python -m ruff format .

bench: $(DEV_STAMP) browser
	$(BIN)/python benchmarks/text.py
	$(BIN)/python benchmarks/capture.py
	$(BIN)/python benchmarks/browser.py
	$(BIN)/python benchmarks/faithfulness.py
	$(BIN)/python benchmarks/explain.py
	$(BIN)/python benchmarks/abuse.py
	$(BIN)/python benchmarks/hover.py
	$(BIN)/python benchmarks/writing.py --clicks
	$(BIN)/python benchmarks/quotations.py
	$(BIN)/python benchmarks/alignment.py
	$(BIN)/python benchmarks/why.py circuits
	$(BIN)/python benchmarks/why.py cost
	$(BIN)/python benchmarks/wire.py
	$(BIN)/python benchmarks/visitors.py

# The browser tests look for an installed Chrome or Chromium, then for Playwright's own;
# on a Debian machine without either, Debian's package is installed.
browser: $(DEV_STAMP)
	@$(BIN)/python tests/browser/chromium.py --install

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(RUN_STAMP): requirements.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet $(OFFLINE) -r requirements.txt
	@touch $@

$(DEV_STAMP): requirements.txt requirements-dev.txt | $(BIN)/python
	$(BIN)/python -m pip install --quiet -r requirements-dev.txt
	@touch $@ $(RUN_STAMP)

# Node comes with the development requirements; what checks JavaScript comes from npm, once for each package-lock.json.
$(NODE_STAMP): package.json package-lock.json $(DEV_STAMP)
	PATH="$(abspath $(BIN)):$$PATH" $(BIN)/npm ci --no-progress
	@touch $@

clean:
	rm -rf $(VENV) node_modules .pytest_cache .mypy_cache .ruff_cache
