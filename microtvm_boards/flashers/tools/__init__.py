"""One class a tool that flashes."""
