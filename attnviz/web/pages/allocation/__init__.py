"""The page “Where attention goes”."""
