"""Every attribution method and every target, by name; the order is the order in which they are offered.

A new one is a file in methods/ or targets/ and a line here; the contract tests run over these lists.
"""

from __future__ import annotations

from attnviz.explanation.attribution.methods.attention import Attention, Rollout, ValueWeighted
from attnviz.explanation.attribution.methods.gradient import GradientNorm, GradientTimesInput
from attnviz.explanation.attribution.methods.integrated_gradients import IntegratedGradients
from attnviz.explanation.attribution.methods.leave_one_out import LeaveOneOut
from attnviz.explanation.attribution.methods.relevance import Relevance
from attnviz.explanation.attribution.methods.shapley import Shapley
from attnviz.explanation.attribution.methods.token_pairs import TokenPairs
from attnviz.explanation.attribution.targets.answer import Answer
from attnviz.explanation.attribution.targets.entailment import Entailment
from attnviz.explanation.attribution.targets.label import Label, LabelDifference
from attnviz.explanation.attribution.targets.label_prompt import LabelPrompt
from attnviz.explanation.attribution.targets.masked_token import MaskedToken
from attnviz.explanation.attribution.targets.next_token import NextToken, TokenDifference
from attnviz.explanation.attribution.targets.sequence import Sequence
from attnviz.explanation.attribution.targets.similarity import Similarity
from attnviz.explanation.attribution.targets.tag import Tag
from attnviz.explanation.declarations import Method, Target
from attnviz.types import ModelKind

METHODS: tuple[Method, ...] = (
    IntegratedGradients(),
    LeaveOneOut(),
    Shapley(),
    TokenPairs(),
    Relevance(),
    GradientNorm(),
    GradientTimesInput(),
    Attention(),
    ValueWeighted(),
    Rollout(),
)

# The first one that a model can serve is its default: what its head was made for comes before what any model has.
TARGETS: tuple[Target, ...] = (
    Entailment(),
    LabelDifference(),
    Label(),
    Tag(),
    Answer("start"),
    Answer("end"),
    MaskedToken(),
    Similarity(),
    LabelPrompt(),
    NextToken(),
    TokenDifference(),
    Sequence(),
)

# What pages open on, by `python benchmarks/faithfulness.py`. MiniLM: integrated gradients .41, sampled
# Shapley values .41 at four times the cost. SmolLM2 (--decoder): leave-one-out and gradient norm 4.75, the former with
# the better sufficiency and with signs; integrated gradients 3.95. No encoder-decoder was measured.
DEFAULT_METHODS: dict[ModelKind, str] = {
    "encoder": "integrated-gradients",
    "decoder": "leave-one-out",
    "encoder-decoder": "integrated-gradients",
}
