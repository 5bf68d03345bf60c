"""Every attribution method and every target, by name; the order is the order in which they are offered.

A new one is a file in method/ or target/ and a line here; the contract tests run over these lists.
"""

from __future__ import annotations

from attnviz.explain.method.attention import Attention, Rollout
from attnviz.explain.method.integrated_gradients import IntegratedGradients
from attnviz.explain.method.leave_one_out import LeaveOneOut
from attnviz.explain.records import Method, Target
from attnviz.explain.target.next_token import NextToken
from attnviz.explain.target.similarity import Similarity

METHODS: tuple[Method, ...] = (IntegratedGradients(), LeaveOneOut(), Attention(), Rollout())

TARGETS: tuple[Target, ...] = (Similarity(), NextToken())
