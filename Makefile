# Each command does all its own set-up on Debian 12 and says what it installs.
.PHONY: check demo test soak golden

demo:
	@scripts/setup.sh demo
	@.venv/bin/python examples/digits/demo.py

test:
	@scripts/setup.sh test
	@scripts/test.sh

check:  # what can be said within a minute: lint, types, and tests that need no tools
	@scripts/setup.sh check
	@scripts/check.sh

soak:  # the tests of long series, all of their cases: about half an hour
	@scripts/setup.sh test
	@MICROTVM_BOARDS_SOAK=1 scripts/test.sh $$(grep -lrE '\bseries\(' --include='test_*.py' tests)

golden:  # records what the generated projects hold; see tests/golden
	@scripts/setup.sh test
	@.venv/bin/python -m tests.golden.record
