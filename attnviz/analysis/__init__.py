"""What is computed from attention maps and scores: numpy arrays in, numpy arrays out.

Nothing here knows of models, of drawing or of pages; whoever calls keeps the token lists beside the arrays.
"""

from attnviz.analysis.combine import combine, read_heads, write_heads
from attnviz.analysis.compare import difference, jensen_shannon
from attnviz.analysis.groups import aggregate, sum_scores
from attnviz.analysis.heads import order
from attnviz.analysis.links import strongest_link
from attnviz.analysis.normalize import empty_rows, renormalize_without
from attnviz.analysis.rollout import rollout

__all__ = [
    "aggregate",
    "combine",
    "difference",
    "empty_rows",
    "jensen_shannon",
    "order",
    "read_heads",
    "renormalize_without",
    "rollout",
    "strongest_link",
    "sum_scores",
    "write_heads",
]
