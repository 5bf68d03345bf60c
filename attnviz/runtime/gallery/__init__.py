"""The gallery: short texts in which something is to be seen, and the stored answers to some of them."""

from attnviz.runtime.gallery.example import Example
from attnviz.runtime.gallery.texts import (
    EXAMPLES,
    FOLDER,
    MODEL,
    STORED,
    attributions_path,
    capture_path,
    changed_example,
    examples,
    open_attributions,
    open_example,
    stored_example,
)

__all__ = [
    "EXAMPLES",
    "FOLDER",
    "MODEL",
    "STORED",
    "Example",
    "attributions_path",
    "capture_path",
    "changed_example",
    "examples",
    "open_attributions",
    "open_example",
    "stored_example",
]
