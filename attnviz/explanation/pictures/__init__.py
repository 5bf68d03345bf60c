"""What made a classifier's label of a picture, and how far to trust that; and which patches are like each other.

The names below are what there is; `problem` poses the question that all of them work on.
"""

from attnviz.explanation.pictures.curves import picture_faithfulness
from attnviz.explanation.pictures.features import feature_similarity
from attnviz.explanation.pictures.methods import METHODS, explain_picture
from attnviz.explanation.pictures.problem import BASELINES
from attnviz.explanation.pictures.removal import without_patches
from attnviz.explanation.pictures.results import PictureAttribution, PictureRemoval

__all__ = [
    "BASELINES",
    "METHODS",
    "PictureAttribution",
    "PictureRemoval",
    "explain_picture",
    "feature_similarity",
    "picture_faithfulness",
    "without_patches",
]
