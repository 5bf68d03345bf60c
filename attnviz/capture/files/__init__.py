"""Captures as files: written, and read with bounds checked before anything is built."""
