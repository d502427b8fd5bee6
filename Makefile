# Two commands are enough: `make demo` to see it, `make test` to trust it. Both bring all they need into .venv.
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTEST := $(BIN)/python -m pytest
# Tests that need no server of others: what a developer runs before each commit.
QUICK := not slow and not real_server and not kube_apiserver and not node
# Which seeds of the simulation have passed: `make soak` goes on after them.
SOAKED ?= build/soak
# What tests of the Kubernetes API are compared with.
CONTROL_PLANE := etcd kube-apiserver kube-controller-manager kube-scheduler kubectl helm postgres_exporter
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Hundreds of processes are started from these sources: compiling them each time is half of each start.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test quick check e2e soak another simulate format crds docs bench clean

##@ Use
help: ## show this
	@awk 'BEGIN {FS = ":.*## "} /^##@ /{printf "\n%s\n", substr($$0, 5)} /^[a-z ]+:.*## /{sub(/:.*/, "", $$1); printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(READY) ## a PostgreSQL server, a database and a user on this machine, from nothing, then all stopped
	@$(BIN)/python tools/demo.py

##@ Verify
# Four workers on two cores: many tests wait for servers.
test: $(READY) ## the whole suite; with CI set, what a test needs is built or the test fails, and `make e2e` follows
	@if [ -n "$$CI" ]; then tools/ensure_servers && tools/control_plane/ensure $(CONTROL_PLANE) >/dev/null; fi
	$(PYTEST) -n 4 --dist worksteal -m "not node" $(ARGS)
	@if [ -n "$$CI" ] && tools/control_plane/node-check.sh >/dev/null; then $(MAKE) --no-print-directory e2e ARGS=; fi

quick: $(READY) ## the tests that need no other server and no look at the code as a whole, in about a minute
	$(PYTEST) -n 2 --dist worksteal -m "$(QUICK)" $(ARGS)

e2e: $(READY) ## the operator as a pod of our own image on a real Kubernetes node, which this machine becomes; root, Linux
	tools/control_plane/ensure $(CONTROL_PLANE) kubelet kube-proxy >/dev/null
	$(PYTEST) -n 0 -m node $(ARGS) tests/node

soak: $(READY) ## the full counts of chance, for hours: kills, every PostgreSQL, simulated histories; goes on where it was
	$(BIN)/python tools/soak.py kills --rounds 200
	$(BIN)/python tools/soak.py torn --rounds 5000
	$(BIN)/python tools/soak.py failovers --rounds 220
	$(BIN)/python tools/soak.py crashes --rounds 20
	DBAAS_HOSTILE_VALUES=50000 $(PYTEST) -n 0 tests/fuzz
	DBAAS_POSTGRES_VERSIONS=all DBAAS_EXAMPLES=600 $(PYTEST) -n 2 -m real_server tests/engines/postgres tests/cli/commands/test_adopt.py
	@mkdir -p $(SOAKED)
	$(BIN)/python tools/simulate.py --seeds 0-9999 --resume $(SOAKED)/histories

another: $(READY) ## our client and operator against another Kubernetes: make another KUBE_VERSION=v1.33.13
	KUBE_VERSION=$(or $(KUBE_VERSION),v1.33.13) tools/control_plane/ensure etcd kube-apiserver kubectl >/dev/null
	KUBE_VERSION=$(or $(KUBE_VERSION),v1.33.13) $(PYTEST) -n 2 -m kube_apiserver tests/conformance/kubernetes_api tests/kube \
		tests/runtime tests/app tests/released tests/e2e

simulate: $(READY) ## one random history of edits, faults and crashes again, in every detail: make simulate SEED=7
	$(BIN)/python tools/simulate.py $(or $(SEED),$(error say which: make simulate SEED=7))

check: $(READY) ## format, lint, types, imports, architecture, generated files, samples, tutorial
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/generate.py --check
	$(PYTEST) tests/architecture tests/samples tests/docs

##@ Make
format: $(READY) ## rewrite the sources as `make check` wants them
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

crds docs: $(READY) ## write deploy/crds, deploy/kustomize and docs/reference anew from the types
	$(BIN)/python tools/generate.py

bench: $(READY) ## measure, each figure as a ratio within one run (docs/explanation/performance.md)
	@for script in bench/[a-z]*.py; do echo "== $$script"; $(BIN)/python "$$script" || exit 1; done

clean: ## remove the environment and all caches
	rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis

# The environment: uv comes through plain pip, everything else through uv and the lock file. Made again only when one of
# the two files changes.
$(READY): pyproject.toml uv.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "dbaas needs Python 3.11 or newer; say which one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || \
		{ echo "this Python cannot make environments; on Debian: apt install python3-venv" >&2; exit 1; }
	@test -x $(BIN)/uv || { $(BIN)/python -m pip --version >/dev/null 2>&1 || $(BIN)/python -m ensurepip >/dev/null; \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check uv; }
	@$(BIN)/uv sync --quiet --frozen --inexact --python $(BIN)/python
	@touch $@
