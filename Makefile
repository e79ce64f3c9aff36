# What developers and CI run; everything happens in .venv, which is made when it is needed.

VENV := .venv
BIN := $(VENV)/bin
export VENV PYTHON

.PHONY: help demo test lint format types tests docs bench fuzz soak clean
.NOTPARALLEL:

help:
	@echo 'make demo    see Crenel at work on examples/shop'
	@echo 'make test    lint, types and all tests, the outputs shown in the docs included'
	@echo 'make lint    ruff: rules and formatting      make format  let ruff mend what it can'
	@echo 'make types   mypy, strict                    make tests   the tests alone'
	@echo 'make docs    write the real outputs into the docs'
	@echo 'make bench   speed and memory                make fuzz    the property tests, for a long time'
	@echo 'make soak    random clusters and mutated rules in the kernel, and a CA rotated under load, for a long time'

demo: $(VENV)/.ready-run
	@tools/need nft || echo 'the lab will be left out'
	@PATH="$(CURDIR)/$(BIN):$$PATH" sh examples/demo.sh

test: lint types tests

lint: $(VENV)/.ready-dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

format: $(VENV)/.ready-dev
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

types: $(VENV)/.ready-dev
	$(BIN)/mypy

tests: $(VENV)/.ready-dev
	@tools/need git openssl
	@tools/need nft || echo 'the tests of the kernel will be skipped'
	@tools/need nginx haproxy stunnel4 || echo 'the probes of these servers will be skipped'
	@tools/need pebble || echo 'the tests of ACME with it will be skipped'
	$(BIN)/pytest -n auto --dist loadgroup -m 'not alone'
	$(BIN)/pytest -m alone

docs: $(VENV)/.ready-dev
	$(BIN)/python docs/sessions.py

bench: $(VENV)/.ready-dev
	$(BIN)/python -m benchmarks

fuzz: $(VENV)/.ready-dev
	HYPOTHESIS_PROFILE=soak $(BIN)/pytest -n auto tests/properties

soak: $(VENV)/.ready-dev
	@tools/need nft
	HYPOTHESIS_PROFILE=soak $(BIN)/pytest -n auto tests/properties/test_kernel.py tests/lab/test_mutations.py tests/enforce tests/certificates/authority
	PYTHONPATH=tests $(BIN)/python -m certificates.authority.soak

clean:
	rm -rf $(VENV) build dist src/*.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis

$(VENV)/.ready-%: pyproject.toml constraints.txt
	@tools/prepare $*
