"""Explaining is safe on a shared model: threads disturb neither one another nor captures nor plain runs."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from attnviz.explanation import ablate, explain, methods

TEXTS = [
    "The cat sat on the mat.",
    "Banks raised their rates.",
    "I did not like the end of it.",
]
OTHER = "A kitten rests on a rug."


@pytest.mark.slow
def test_concurrent_explanations_captures_and_runs_equal_their_single_threaded_twins(minilm):
    module, tokenizer = minilm.loaded.module, minilm.loaded.tokenizer
    names = [info.name for info in methods()]

    def explained(text: str, method: str) -> np.ndarray:
        few = {"integrated-gradients": {"steps": 8}, "shapley": {"samples": 2}}.get(method, {})
        return explain(minilm, text, pair=OTHER, method=method, **few).scores

    def ablated(text: str) -> np.ndarray:
        return np.array(ablate(minilm, text, [(2, 5), (4, 0)], pair=OTHER).after)

    def captured(text: str) -> np.ndarray:
        return minilm.capture(text).attention(5)

    def run(text: str) -> np.ndarray:
        with torch.no_grad():
            return module(**tokenizer(text, return_tensors="pt")).last_hidden_state.numpy()

    jobs = [(explained, text, name) for text in TEXTS for name in names]
    jobs += [job for text in TEXTS for job in ((captured, text), (run, text), (ablated, text))] * 4
    alone = {job: job[0](*job[1:]) for job in dict.fromkeys(jobs)}
    with ThreadPoolExecutor(6) as pool:
        together = [(job, pool.submit(job[0], *job[1:])) for job in jobs]
        for job, future in together:
            np.testing.assert_allclose(future.result(), alone[job], atol=2e-6, err_msg=str(job[1:]))
