# The two commands. Each does all its own set-up on Debian 12 and says what it installs.
.PHONY: demo test

demo:
	@scripts/setup.sh demo
	@.venv/bin/python examples/digits/demo.py

test:
	@scripts/setup.sh test
	@scripts/test.sh
