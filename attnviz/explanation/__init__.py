"""Why the model said so: what each token contributed to a target, by several methods that declare what they are.

A target turns (model, texts) into a scalar function of the tokens (`problem.Problem`); a method spreads that scalar
over the tokens (`attribution`). What an attribution is worth is tested in `evaluation`, what the result needs in
`intervention`.
"""

from attnviz.explanation.attribution.run import (
    answer,
    default_method,
    explain,
    methods,
    methods_for,
    targets,
    targets_for,
)
from attnviz.explanation.circuits.traces import traces
from attnviz.explanation.circuits.why import why
from attnviz.explanation.circuits.writes import writes
from attnviz.explanation.declarations import MethodInfo, TargetInfo
from attnviz.explanation.evaluation.agreement import Agreement
from attnviz.explanation.evaluation.curves import SEEDS, RandomOrders, faithfulness, random_orders
from attnviz.explanation.evaluation.sanity import sanity
from attnviz.explanation.evaluation.verdict import headline
from attnviz.explanation.intervention.ablation import ablate, head_importance
from attnviz.explanation.intervention.forcing import FORCES, Attended, attended
from attnviz.explanation.intervention.lens import layer_by_layer
from attnviz.explanation.intervention.words import without
from attnviz.explanation.removal import Operator, operators_for
from attnviz.explanation.results import (
    Ablation,
    Answer,
    Faithfulness,
    Forced,
    HeadImportance,
    LayerByLayer,
    Removal,
    Sanity,
)

__all__ = [
    "FORCES",
    "SEEDS",
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
    "default_method",
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
    "traces",
    "why",
    "without",
    "writes",
]
