# Atelier: every command sets up what it needs on its own, once. `make help` lists them.

PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && exit; done)
VENV := .venv/bin/python
NPM := $(VENV) -m infra.local.setup npm
CDK := $(VENV) -m infra.local.setup cdk
WHICH = --context stage="$(STAGE)" $(if $(SETTINGS),--context settings="$(SETTINGS)")
SOME = $(if $(T),tests,dev)
# A second start reads what the first one compiled, whatever the environment says.
unexport PYTHONDONTWRITEBYTECODE
TOOLS := PATH="$(CURDIR)/.venv/bin:$$PATH"

.PHONY: help run dev seed backup restore test fast proofs check generate bench synth deploy \
	setup-run setup-dev setup-deploy setup-tests

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' Makefile
	@awk -F '## ' '/^## / {printf "%s%s\n", "                  ", $$2}' Makefile

run: setup-run ## the whole product on this machine: http://localhost:8000, data in .atelier/, Ctrl-C stops it
	@exec $(VENV) -m infra.local run

dev: setup-run ## the same with API, handlers, worker and page reloading on a change: http://localhost:5173
	@exec $(VENV) -m infra.local dev

seed: setup-run ## the demo gallery into any deployment: make seed API=https://… KEY=atl_…
	@exec $(VENV) -m infra.local seed --api "$(API)" --key "$(KEY)"

backup: setup-run ## database and media into one archive: make backup [ARCHIVE=atelier.tar]
	@exec $(VENV) -m infra.local backup $(if $(ARCHIVE),"$(ARCHIVE)")

restore: setup-run ## an archive into an empty home: make restore ARCHIVE=atelier.tar ATELIER_HOME=elsewhere
	@exec $(VENV) -m infra.local restore "$(ARCHIVE)"

test: setup-$(SOME) ## every test that this machine can run; some: make test T=lambdas/api, T=path::name, T="words of a name"
	@web=0; $(if $(T),,$(NPM) test --silent || web=1;) $(VENV) -m tests all "$(T)" $(ARGS) && exit $$web

fast: setup-$(SOME) ## the tests that need no browser, no model and no deployment, in a minute; some: make fast T=lambdas
	@exec $(VENV) -m tests fast "$(T)" $(ARGS)

proofs: setup-dev ## what is large of its kind: a hundred kills, ten thousand bodies, every pin on every platform
	@exec $(VENV) -m tests proofs "$(T)" $(ARGS)

check: setup-dev ## style, types, import rules, generated files up to date, translations complete; side by side
	@exec $(VENV) -m tests.checks

generate: setup-dev ## the API's OpenAPI document and the web client made from it
	@$(VENV) -m lambdas.api > .cache/openapi.json && mv .cache/openapi.json web/openapi.json
	@$(NPM) run generate --silent

bench: setup-dev ## all benchmarks, or make bench ONLY=gallery; a table, and .bench/latest.json
	@exec $(VENV) -m tests.bench $(ONLY)

synth: setup-deploy ## every example stage as CloudFormation in cdk.out/, checked by cdk-nag and cfn-lint; needs no account
	@rm -rf cdk.out
	@AWS_EC2_METADATA_DISABLED=true $(CDK) synth --quiet $(ARGS)
	@$(TOOLS) cfn-lint

deploy: setup-deploy ## a stage of cdk.json into your AWS account: make deploy STAGE=small [SETTINGS=stages.json]
	@test -n "$(STAGE)" || { echo "Which stage? make deploy STAGE=small (the stages stand in cdk.json)"; exit 1; }
	@$(CDK) bootstrap $(WHICH) && exec $(CDK) deploy --all $(WHICH) $(ARGS)

setup-run setup-dev setup-deploy setup-tests: setup-%:
	@test -n "$(PYTHON)" || { echo "Atelier needs Python 3.11 or newer (found: $$(python3 --version 2>&1))." \
		"Install it, or name it: make PYTHON=/path/to/python3.12 …"; exit 1; }
	@$(PYTHON) -m infra.local.setup $* $(if $(filter tests,$*),"$(T)")

## Environment: ATELIER_HOME (.atelier), ATELIER_PORT (8000), ATELIER_BIND (127.0.0.1), ATELIER_PROFILE (demo, gpu),
## ATELIER_DEV_PORT (5173, of make dev)
