# Thin over `python -m`. `make run` and `make test` need only git, make and python3.
PYTHON ?= python3
VENV := .venv/bin/python
OFFSCREEN := QT_QPA_PLATFORM=offscreen
# Tests start some hundred programs: where an environment forbids to keep what was compiled, each compiles
# all that it imports again, and each worker all tests.
export PYTHONDONTWRITEBYTECODE :=
PYTEST := $(VENV) -m pytest -m "not long"
# What is killed, soaked or started as a person would runs two at a time, the longest first. It waits a
# lot, so the rest runs beside it, three at a time, in what it leaves: nicer, so that it delays nothing
# that is timed, and the screens first, which are work without waits; the core, which waits too, is left
# for the end. In the order of their names, in which the longest do not come last. Kernels and tests
# are compiled before, once, beside each other: five processes that start at once would each compile all.
LONGEST := tests/loss/test_loss.py tests/soak tests/loss/test_chaos.py tests/hostile/test_wall.py
LOSS := $(filter-out $(LONGEST),$(sort $(wildcard tests/loss/test_*.py)))
HEAVY := $(LONGEST) $(LOSS) tests/drills tests/widgets/test_startup.py tests/widgets/test_stall.py
ROOMS := $(filter-out %__pycache__,$(patsubst %/,%,$(sort $(wildcard tests/*/))))
LIGHT := $(filter-out tests/commandwall tests/loss $(HEAVY),$(ROOMS)) tests/commandwall
BESIDE := --dist loadfile --no-loadscope-reorder

.PHONY: run scene test check long bench bundle clean

run:            ## the wall on the demo city
	@$(PYTHON) .ci/prepare.py run
	@$(VENV) -m main --demo $(ARGS)

scene:          ## a second wall at the scene, on the pool of `make run`
	@$(PYTHON) .ci/prepare.py run
	@$(VENV) -m main --side front --join "$$($(VENV) -m main where --demo)" --data-dir "$$($(VENV) -m main where --demo)-scene" $(ARGS)

test:           ## everything that guards a change
	@$(PYTHON) .ci/prepare.py test
ifeq ($(ARGS),)
	@$(OFFSCREEN) $(PYTEST) --collect-only -qq >/dev/null 2>&1 & $(OFFSCREEN) $(VENV) -m layers.warm; warmed=$$?; \
	wait; exit $$warmed
	@told=$$(mktemp); $(OFFSCREEN) $(PYTEST) -n 2 $(BESIDE) $(HEAVY) >$$told 2>&1 & heavy=$$!; \
	trap "kill $$heavy; rm -f $$told" INT TERM; \
	$(OFFSCREEN) nice -n 10 $(PYTEST) -n 3 $(BESIDE) $(HEAVY:%=--ignore=%) $(LIGHT); light=$$?; \
	wait $$heavy; heavy=$$?; cat $$told; rm -f $$told; exit $$((light | heavy))
else
	@$(OFFSCREEN) $(VENV) -m layers.warm
	@$(OFFSCREEN) $(PYTEST) $(ARGS)
endif

check:          ## lint, format, types, import contracts
	@$(PYTHON) .ci/prepare.py dev
	@$(VENV) -m ruff check .
	@$(VENV) -m ruff format --check .
	@$(VENV) -m mypy
	@$(VENV) -c "from importlinter.cli import lint_imports_command; lint_imports_command()"

long:           ## the same tests with the issues' numbers, each long form by itself; prints seed and table
	@$(PYTHON) .ci/prepare.py test
	@$(OFFSCREEN) $(VENV) -m layers.warm
	@$(OFFSCREEN) $(VENV) .ci/long.py $(ARGS)

bench:          ## every benchmark, quick
	@$(PYTHON) .ci/prepare.py test
	@for name in pool_queries text_search first_fill map_limit start pair power_cuts sync_chaos sync_lag sync_fill event_flood dispatch command_chaos alarm_flood feed_burst drill_clock dry_run; do $(OFFSCREEN) $(VENV) -m benchmarks.$$name --quick || exit 1; done

bundle:         ## everything a station needs in one file, to be installed without a network
	@$(PYTHON) .ci/prepare.py run
	@$(VENV) .ci/bundle.py $(ARGS)

clean:
	rm -rf .venv build dist *.egg-info
