"""From a trained model to the best tar for a board: tried, checked, chosen."""
