"""Capture once, look anywhere: one fast forward pass keeps queries and keys, all pictures are recomputed from them."""

from attnviz.capture.capture import Capture, Layer
from attnviz.capture.model import Model, load_model
from attnviz.capture.store import open_capture, peek, read_capture
from attnviz.capture.store_header import Facts, Limits

__all__ = [
    "Capture",
    "Facts",
    "Layer",
    "Limits",
    "Model",
    "load_model",
    "open_capture",
    "peek",
    "read_capture",
]
