"""The page “All translation”."""
