"""What the relay text in a tar says."""
