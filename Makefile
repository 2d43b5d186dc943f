# The two commands. Each does all its own set-up on Debian 12 and says what it installs.
.PHONY: demo test golden

demo:
	@scripts/setup.sh demo
	@.venv/bin/python examples/digits/demo.py

test:
	@scripts/setup.sh test
	@scripts/test.sh

golden:  # records what the generated projects hold; see tests/golden
	@scripts/setup.sh test
	@.venv/bin/python -m tests.golden.record
