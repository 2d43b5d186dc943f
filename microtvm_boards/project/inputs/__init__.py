"""What goes into a project beside model and board: read here, so that planning reads nothing."""
