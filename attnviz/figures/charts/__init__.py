"""Small charts beside an explanation."""
