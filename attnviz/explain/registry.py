"""Every attribution method and every target, by name; the order is the order in which they are offered.

A new one is a file in method/ or target/ and a line here; the contract tests run over these lists.
"""

from __future__ import annotations

from attnviz.explain.method.attention import Attention, Rollout, ValueWeighted
from attnviz.explain.method.gradient import GradientNorm, GradientTimesInput
from attnviz.explain.method.integrated_gradients import IntegratedGradients
from attnviz.explain.method.leave_one_out import LeaveOneOut
from attnviz.explain.method.relevance import Relevance
from attnviz.explain.method.shapley import Shapley
from attnviz.explain.method.token_pairs import TokenPairs
from attnviz.explain.records import Method, Target
from attnviz.explain.target.label import Label, LabelDifference
from attnviz.explain.target.label_prompt import LabelPrompt
from attnviz.explain.target.masked_token import MaskedToken
from attnviz.explain.target.next_token import NextToken, TokenDifference
from attnviz.explain.target.sequence import Sequence
from attnviz.explain.target.similarity import Similarity

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
    LabelDifference(),
    Label(),
    MaskedToken(),
    Similarity(),
    LabelPrompt(),
    NextToken(),
    TokenDifference(),
    Sequence(),
)
