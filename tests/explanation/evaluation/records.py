"""The record of a test, as a test of words or charts wants it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from attnviz.explanation import Faithfulness


def record(comprehensiveness: float = 0.5, **changes) -> Faithfulness:
    steps = np.array([0.5, 1.0])
    both = np.tile([[0.7, 0.2], [0.5, 0.4]], (10, 1))
    made = Faithfulness(
        method="leave-one-out",
        target="similarity",
        side=0,
        operator="delete",
        operator_title="deleted",
        value=0.9,
        counts=np.array([4, 8]),
        fractions=steps,
        removed=steps / 2,
        kept=steps,
        comprehensiveness=comprehensiveness,
        sufficiency=0.25,
        random_removed=both,
        random_kept=both,
        random_comprehensiveness=np.linspace(0.3, 0.4, 20),
        random_sufficiency=np.linspace(0.5, 0.6, 20),
        words=("<b>one</b>", "two"),
        word_tokens=(0, 1),
        without_words=0.1,
        without_random_words=np.tile([0.7, 0.8], 10),
        seeds=tuple(range(20)),
    )
    return replace(made, **changes)
