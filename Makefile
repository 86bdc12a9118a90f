# Each target makes the environment it needs; python3 (3.11 or newer) and make are enough.
#   make run          a small study from nothing to figures, in run/
#   make test         style, spelling, types, import rules and the test suite
#   make suite        the test suite alone
#   make environment  the environment of `make test`, .venv-test, to work in
#   make benchmark    speed against peers and against the machine's limit: the tables of docs/speed.md
#   make docs         the site, in build/site: start at index.html
#   make clean        remove environments, the site and results of `make run`

PYTHON ?= python3
DEMO := run/demo.toml

# BLAS threads that find their core busy wait by spinning: beside other work, a fit with two of them
# takes many times as long as with one.
run test suite: export OPENBLAS_NUM_THREADS ?= 1

.PHONY: run test types suite environment benchmark docs clean

run: .venv-run/installed $(DEMO)
	.venv-run/bin/cagebreak run $(DEMO)
	.venv-run/bin/cagebreak fit $(DEMO)
	.venv-run/bin/cagebreak figure $(DEMO)

test: .venv-test/installed
	.venv-test/bin/ruff check
	.venv-test/bin/ruff format --check
	.venv-test/bin/codespell
	.venv-test/bin/lint-imports
	$(MAKE) --no-print-directory --jobs 2 suite types

types: .venv-test/installed
	.venv-test/bin/mypy

# A file of tests is run by one worker, which makes what its tests share once. After a crash of a
# worker xdist can wait for ever: it ends the suite.
suite: .venv-test/installed
	.venv-test/bin/pytest -n 2 --dist loadfile --no-loadscope-reorder --max-worker-restart 0 -m "not slow"

environment: .venv-test/installed

benchmark: .venv-benchmark/installed
	.venv-benchmark/bin/python benchmarks

# Warnings are errors. Unchanged pages and tutorials are taken from the last build.
docs: .venv-docs/installed
	.venv-docs/bin/python docs/building build/site-sources
	.venv-docs/bin/sphinx-build -q -W --keep-going -j 2 -c docs -d build/site-cache build/site-sources build/site
	.venv-docs/bin/python docs/building/links.py build/site

clean:
	rm -rf .venv-run .venv-test .venv-benchmark .venv-docs run build/site build/site-cache build/site-sources

$(DEMO): examples/demo.toml
	mkdir -p $(@D)
	cp $< $@

# The stamp is written last, so that an install that was cut short is made again.
EXTRA_.venv-run :=
EXTRA_.venv-test := [test]
EXTRA_.venv-benchmark := [benchmark]
EXTRA_.venv-docs := [docs]
.venv-%/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "cagebreak needs Python 3.11 or newer: make PYTHON=...")'
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/bin/python -m pip install --quiet --no-compile --constraint constraints.txt --editable ".$(EXTRA_$(@D))"
	touch $@
