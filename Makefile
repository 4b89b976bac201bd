# Everything a developer does. Needs Python 3.11 or later and make; uv is fetched where it is not on PATH.

PYTHON ?= python3
UV := $(shell uv --version >/dev/null 2>&1 && command -v uv || echo .tools/bin/uv)
RUN := $(UV) run --quiet --frozen
export UV
# Tests start hundreds of processes, NetBox's among them: without bytecode each of them compiles all that it loads.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help demo test test-full check servers servers-stop bench soak docs clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

demo: $(UV) ## Show the product on a sandbox (ARGS=--keep leaves it running)
	@$(RUN) --no-dev netbox-pdns demo $(ARGS)

test: $(UV) ## Run the tests, of the long ones a sample, on the real servers where they can be had (ARGS=... for pytest)
	@$(RUN) python dev/test.py -n 2 -m "not full" --sample $(ARGS)

test-full: $(UV) ## Run all tests, the long ones too, also on the PowerDNS of Debian's next release
	@$(RUN) python dev/servers.py fetch || true
	@$(RUN) python dev/test.py $(ARGS)

check: $(UV) ## Check format, style, types and the import contracts
	@$(RUN) ruff format --quiet --check .
	@$(RUN) ruff check --quiet .
	@$(RUN) mypy
	@$(RUN) lint-imports

servers: $(UV) ## Start the real NetBox and PowerDNS servers (with root on Debian, install what is missing)
	@$(RUN) python dev/servers.py start

servers-stop: $(UV) ## Stop them
	@$(RUN) python dev/servers.py stop

bench: $(UV) ## Measure the speed, as a ratio to a bare script
	@$(RUN) python bench/run.py $(ARGS)

soak: $(UV) ## Let the service work under edits and faults for 30 minutes, and see that nothing grows (ARGS='--minutes 5')
	@$(RUN) python bench/soak.py $(ARGS)

docs: $(UV) ## Write the reference pages anew
	@$(RUN) python -m netbox_pdns.cli.settings_page > docs/settings.md.new
	@mv docs/settings.md.new docs/settings.md
	@$(RUN) python -m netbox_pdns.cli.schemas docs/schemas

clean: $(UV) ## Stop the servers and remove all that was made here
	@$(RUN) python dev/servers.py stop
	@rm -rf .dev .tools .venv dist .mypy_cache .ruff_cache .import_linter_cache .hypothesis

.tools/bin/uv:
	@$(PYTHON) dev/fetch_uv.py $@
