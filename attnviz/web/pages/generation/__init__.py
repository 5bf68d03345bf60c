"""The page “All heads”."""
