# Everything runs in one virtual environment, .venv, made from the hashed lock requirements/dev.txt.
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
MANIFEST := dbt_project/target/manifest.json
DBT := cd dbt_project && ../$(BIN)/dbt

DATASET ?= simulated
SCALE ?= 10000
SEED ?= 7
PORT ?= 8080

export PYTHONPATH := $(CURDIR)
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
export GX_ANALYTICS_ENABLED := False
export SCARF_ANALYTICS := false
export AIRFLOW__COSMOS__ENABLE_TELEMETRY := False

CHOICE = --dataset $(DATASET) --customers $(SCALE) --seed $(SEED) \
	$(if $(MAPPING),--mapping $(MAPPING)) $(if $(AS_OF),--as-of $(AS_OF)) \
	$(if $(SOURCES),--sources $(SOURCES)) $(if $(DESTINATIONS),--destinations $(DESTINATIONS))

.PHONY: help setup browser demo airflow check-sources site screenshots explain serve metric docs test test-slow lint \
	format manifest lock clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 16

setup: $(STAMP) ## make the virtual environment

$(STAMP): requirements/dev.txt
	$(PYTHON) -m venv --clear .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements/bootstrap.txt
	VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip sync --quiet --compile-bytecode --require-hashes requirements/dev.txt requirements/bootstrap.txt
	@touch $@

browser: ## install Debian's Chromium where there is none; the tests look at the pages with it
	@command -v chromium >/dev/null || { test $$(id -u) = 0 && apt-get update -qq \
		&& DEBIAN_FRONTEND=noninteractive apt-get install --yes -qq --no-install-recommends chromium fonts-dejavu-core; } \
		|| { echo "make: the tests need Chromium; run: sudo apt-get install chromium" >&2; exit 1; }

manifest: $(MANIFEST) ## parse the dbt project; the build DAG is drawn from its manifest

$(MANIFEST): $(STAMP) $(shell find dbt_project -name '*.sql' -o -name '*.yml' -o -name '*.csv' -o -name '*.py' | grep -v /target/)
	$(DBT) parse --quiet --profiles-dir .
	@touch $@

demo: $(MANIFEST) ## run the pipeline: DATASET=simulated|cdnow|complete_journey|files, SCALE, SEED, MAPPING, AS_OF, SOURCES, DESTINATIONS
	$(BIN)/python -m include.demo run $(CHOICE)

airflow: $(MANIFEST) ## open the same project in the Airflow UI: PORT
	$(BIN)/python -m include.demo airflow --port $(PORT) $(CHOICE)

check-sources: $(STAMP) ## try the connection and scopes of each source in PERENNIAL_SOURCES
	@$(BIN)/python -m include.sources.check

site: $(STAMP) ## draw the dashboards from the live warehouse; prints the page to open
	@$(BIN)/python -m include.site

screenshots: $(STAMP) browser ## take the pictures of the documentation from the live warehouse's dashboards
	@$(BIN)/python -m include.site.screenshots docs/images

explain: $(STAMP) ## show everything about one customer: CUSTOMER=key, or an address with CONTACTS=1; PAGE=1 writes a page
	$(if $(CUSTOMER),,$(error CUSTOMER is missing: make explain CUSTOMER=<customer_key>, docs/dashboards.md says more))
	@$(BIN)/python -m include.explain $(CUSTOMER) $(if $(CONTACTS),--contacts) $(if $(PAGE),--page)

serve: $(MANIFEST) ## copy the live warehouse to the PostgreSQL of PERENNIAL_SERVE_URL
	@$(BIN)/python -m include.serve

metric: $(MANIFEST) ## ask for metrics by name: METRICS=aov,cac BY=metric_time__month,kpi__channel
	$(if $(METRICS),,$(error METRICS is missing: make metric METRICS=aov,cac, docs/metrics.md says more))
	@$(BIN)/python -m include.metrics $(METRICS) $(if $(BY),--by $(BY))

docs: $(MANIFEST) ## build the documentation with data dictionary and pictures, as pages that open from disk
	@$(BIN)/python -m include.docs_site

PYTEST = $(BIN)/python -m pytest -n 2 --dist loadscope --no-loadscope-reorder

test: $(MANIFEST) browser lint ## lint, dbt, unit and DAG tests, vendors' stand-ins, the pages in a browser
	$(PYTEST) -m "not slow"

test-slow: $(MANIFEST) ## a real Airflow, a thousand histories, thirty days, every kill; CI runs these too
	$(PYTEST) -m slow

lint: $(MANIFEST) ## ruff, sqlfluff
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/sqlfluff lint --processes 2 --disable-progress-bar dbt_project/models dbt_project/macros/tests dbt_project/tests

format: $(STAMP) ## let ruff format the Python
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

lock: $(STAMP) ## resolve requirements/*.in into hashed locks
	for name in runtime dev; do VIRTUAL_ENV=$(CURDIR)/.venv $(BIN)/uv pip compile --quiet --universal --python-version 3.11 \
		--only-binary :all: --no-emit-index-url --generate-hashes --no-annotate --no-header \
		requirements/$$name.in -o requirements/$$name.txt; done

clean: ## remove everything the targets above made
	rm -rf .venv .airflow data dbt_project/target dbt_project/logs .pytest_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
