"""What stands around every page: frame, site map, page head, style, problems, progress, keys, mounted figures."""
