"""Capture once, look anywhere: one fast forward pass keeps queries and keys, and every picture is recomputed from them."""
