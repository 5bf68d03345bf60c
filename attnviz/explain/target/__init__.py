"""The targets, one file each; the list is in explain/registry.py."""
