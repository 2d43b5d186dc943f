"""What the generated C in a tar says."""
