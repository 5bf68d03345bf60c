"""Reports: pinned figures with all that a reader needs to judge them, as one HTML file that prints well."""

from attnviz.figures.report.document import TITLE, document
from attnviz.figures.report.items import PIN_BYTES, Explained, Item, of_explanation, of_head

__all__ = ["PIN_BYTES", "TITLE", "Explained", "Item", "document", "of_explanation", "of_head"]
