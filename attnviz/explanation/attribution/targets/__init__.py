"""The targets, one file each; the list is in attribution/registry.py."""
