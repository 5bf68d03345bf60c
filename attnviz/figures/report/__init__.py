"""Reports: pinned figures with all that a reader needs to judge them, as one HTML file that prints well."""
