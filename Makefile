# Each line is short enough to type by hand. `make` prints this list.
PYTHON ?= python3
RUN = .venv/bin/python -m

.DEFAULT_GOAL := help
.PHONY: help setup demo up down status backup restore drill upgrade test examples fuzz faults rolling rehearse check bench lock

help: ## this list
	@grep -E '^[a-z]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 10

setup: .venv/ready ## a virtual environment with everything, pinned by hash

.venv/ready: requirements/dev.txt
	$(PYTHON) -m venv .venv
	$(RUN) pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	$(RUN) services.scorer warm
	touch .venv/ready

demo: setup ## the whole story on real servers and real data; stays up until `make down`
	$(RUN) deploy.demo

up: setup ## start the one-machine stack; its data is in ./.holdout
	$(RUN) deploy.stack up

down: ## stop it, and the demo's
	$(RUN) deploy.stack down
	$(RUN) deploy.stack down --folder .holdout-demo

status: ## what runs, since when, where
	$(RUN) deploy.stack status

backup: setup ## a point of this moment, of the running stack; TO=FOLDER (./.holdout-backup)
	$(RUN) deploy.backup now --to $(or $(TO),.holdout-backup)

restore: setup ## ./.holdout, which must not exist, from the last point; FROM=FOLDER (./.holdout-backup)
	$(RUN) deploy.backup restore --from $(or $(FROM),.holdout-backup)

drill: setup ## destroys a stack of its own with 10,000 submissions, and restores it
	$(RUN) deploy.drill

upgrade: setup ## rehearses one: an earlier version's data under this one; FROM=REVISION (the newest tag)
	$(RUN) deploy.upgrade $(if $(FROM),--from $(FROM))

test: setup ## the tests, on real servers
	$(RUN) pytest -n 3 --dist loadfile --no-loadscope-reorder

examples: setup ## every program of examples/, with PyTorch, Keras and all else they need; several GB
	$(RUN) tests.examples

fuzz: setup ## the API against its own OpenAPI document, at length
	FUZZ_EXAMPLES=100 $(RUN) pytest -s tests/system/test_conformance.py

faults: setup ## break a stack under load 500 times and look for what was lost; 40 minutes
	$(RUN) tests.faults --faults 500

rolling: setup ## 20 restarts of every service under load; half an hour
	$(RUN) tests.rolling

rehearse: setup ## docker-compose.yml for real; needs a Docker Engine
	$(RUN) deploy.rehearsal

check: setup ## style, types and import contracts
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports --config importlinter.toml

bench: setup ## the benchmarks of docs/performance.md
	$(RUN) pip install --quiet --require-hashes -r requirements/bench.txt
	$(RUN) benchmarks

lock: ## renew requirements/*.txt
	sh requirements/lock.sh
