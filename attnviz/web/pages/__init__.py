"""The content of each page, one room a page."""
