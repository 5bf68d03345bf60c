"""The attribution methods, one file each; the list is in attribution/registry.py."""
