"""Capture once, look anywhere: one fast forward pass keeps queries and keys, all pictures are recomputed from them."""

from attnviz.capture.capture import Capture, Layer
from attnviz.capture.model import Model, load_model
from attnviz.capture.store import open_capture, read_capture

__all__ = ["Capture", "Layer", "Model", "load_model", "open_capture", "read_capture"]
