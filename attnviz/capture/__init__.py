"""Capture once, look anywhere: one fast forward pass keeps queries and keys, all pictures are recomputed from them."""

from attnviz.capture.capture import Capture, Layer
from attnviz.capture.files.header import Facts, Limits
from attnviz.capture.files.store import open_capture, peek, read_capture
from attnviz.capture.model import Model, load_model
from attnviz.capture.self_check import SelfCheck, check

__all__ = [
    "Capture",
    "Facts",
    "Layer",
    "Limits",
    "Model",
    "SelfCheck",
    "check",
    "load_model",
    "open_capture",
    "peek",
    "read_capture",
]
