"""Opens a project and runs samples on it, whichever entry point it has."""
