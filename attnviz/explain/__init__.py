"""Why the model said so: what each token contributed to a target, by several methods that declare what they are.

In flow a model and its texts; out flows an `Attribution`. A target turns (model, texts) into a scalar function of
the tokens (`problem.Problem`); a method spreads that scalar over the tokens. Neither knows of the other. What an
attribution is worth is tested by taking words away (`curves`) and by switching heads off (`ablation`).
"""

import sys
import types
from typing import Any

from attnviz.explain.ablation import ablate, head_importance
from attnviz.explain.checks import Agreement
from attnviz.explain.curves import RandomOrders, faithfulness, random_orders
from attnviz.explain.evidence import (
    Ablation,
    Answer,
    Faithfulness,
    Forced,
    HeadImportance,
    LayerByLayer,
    Removal,
    Sanity,
)
from attnviz.explain.forcing import FORCES, Attended, attended
from attnviz.explain.lens import layer_by_layer
from attnviz.explain.records import MethodInfo, TargetInfo
from attnviz.explain.removal import Operator, operators_for
from attnviz.explain.run import answer, explain, methods, methods_for, targets, targets_for
from attnviz.explain.shuffling import sanity
from attnviz.explain.taking_away import without
from attnviz.explain.verdict import headline
from attnviz.types import Attribution

__all__ = [
    "FORCES",
    "Ablation",
    "Agreement",
    "Answer",
    "Attended",
    "Faithfulness",
    "Forced",
    "HeadImportance",
    "LayerByLayer",
    "MethodInfo",
    "Operator",
    "RandomOrders",
    "Removal",
    "Sanity",
    "TargetInfo",
    "ablate",
    "answer",
    "attended",
    "explain",
    "faithfulness",
    "head_importance",
    "headline",
    "layer_by_layer",
    "methods",
    "methods_for",
    "operators_for",
    "random_orders",
    "sanity",
    "targets",
    "targets_for",
    "without",
]


class _CallablePackage(types.ModuleType):
    """`attnviz.explain` is this package to the import system and the function to users: a call is passed on."""

    def __call__(self, *args: Any, **kwargs: Any) -> Attribution:
        return explain(*args, **kwargs)


sys.modules[__name__].__class__ = _CallablePackage
