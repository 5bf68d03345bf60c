"""A capture computes no logits that nobody looks at, and holds no lock while a model runs."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
import torch

from attnviz.capture import Model
from attnviz.capture.interface import trusted_view
from attnviz.capture.recorder import record, record_calls

SMALL: dict[str, Any] = {
    "vocab_size": 50,
    "num_attention_heads": 4,
    "num_hidden_layers": 2,
    "hidden_size": 32,
}
DEEP: dict[str, Any] = {"vocab_size": 50, "d_model": 32, "encoder_layers": 1, "decoder_layers": 1}
DECODER = {"decoder_input_ids": torch.arange(1, 6)[None]}
# config, options, model, further inputs, and on how many places the head may run
FAMILIES: list[tuple[str, dict[str, Any], str, dict[str, Any], int]] = [
    ("LlamaConfig", {**SMALL, "intermediate_size": 40, "num_key_value_heads": 2}, "LlamaForCausalLM", {}, 1),
    ("GPT2Config", {"vocab_size": 50, "n_embd": 32, "n_layer": 2, "n_head": 4}, "GPT2LMHeadModel", {}, 1),
    ("BertConfig", {**SMALL, "intermediate_size": 40}, "BertForMaskedLM", {}, 0),
    ("RobertaConfig", {**SMALL, "intermediate_size": 40}, "RobertaForMaskedLM", {}, 0),
    ("ElectraConfig", {**SMALL, "intermediate_size": 40, "embedding_size": 16}, "ElectraForMaskedLM", {}, 0),
    ("AlbertConfig", {**SMALL, "intermediate_size": 40, "embedding_size": 16}, "AlbertForMaskedLM", {}, 0),
    ("DistilBertConfig", {"vocab_size": 50, "dim": 32, "n_layers": 2, "n_heads": 4, "hidden_dim": 40},
     "DistilBertForMaskedLM", {}, 0),
    ("BartConfig", {**DEEP, "encoder_attention_heads": 4, "decoder_attention_heads": 4},
     "BartForConditionalGeneration", DECODER, 0),
    ("MarianConfig", {**DEEP, "encoder_attention_heads": 4, "decoder_attention_heads": 4, "pad_token_id": 0},
     "MarianMTModel", DECODER, 0),
]  # fmt: skip


@pytest.mark.parametrize(
    ("config", "options", "name", "more", "places"), FAMILIES, ids=lambda value: str(value)[:20]
)
def test_the_calls_are_those_of_the_whole_pass(
    config: str, options: dict[str, Any], name: str, more: dict[str, Any], places: int
) -> None:
    import transformers

    torch.manual_seed(0)
    module = getattr(transformers, name)(getattr(transformers, config)(**options)).eval()
    ids = torch.arange(3, 14)[None]
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids), **more}
    if hasattr(module.config, "use_cache"):
        inputs["use_cache"] = False
    _, whole = record(module, inputs)
    seen: list[int] = []
    view: Any = trusted_view(module, inputs)
    view.get_output_embeddings().register_forward_hook(lambda _, __, out: seen.append(out.shape[1]))
    calls, used = record_calls(module, inputs)
    assert used is view
    assert seen == [places] * (places > 0)
    assert [(call.name, call.role, call.layer) for call in calls] == [
        (c.name, c.role, c.layer) for c in whole
    ]
    assert len(calls) > 0
    for one, other in zip(calls, whole, strict=True):
        assert torch.equal(one.q, other.q)
        assert torch.equal(one.k, other.k)
        assert torch.equal(one.weights(1), other.weights(1))


def test_a_capture_of_a_language_model_is_that_of_a_whole_pass(tiny: Callable[[str], Model]) -> None:
    model = tiny("llama")
    capture = model.capture("the cat sat on a mat")
    module: Any = model.loaded.module
    _, calls = record(module, {"input_ids": torch.tensor([capture.tokens.ids.tolist()]), "use_cache": False})
    for layer, call in enumerate(calls):
        for head in range(4):
            assert (capture.attention(layer, head) == call.weights(head).numpy()).all()


def test_a_view_is_put_to_the_test_without_a_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    """While one model is proven, which takes two passes, another is recorded."""
    import transformers

    from attnviz.capture import interface

    options = {**SMALL, "intermediate_size": 40}
    slow, quick = (transformers.BertModel(transformers.BertConfig(**options)).eval() for _ in range(2))
    ids = {"input_ids": torch.arange(3, 9)[None]}
    running, go_on = threading.Event(), threading.Event()

    def asks(module: torch.nn.Module) -> bool:
        return module is slow

    def proven(*_: Any) -> bool:
        running.set()
        return go_on.wait(60)

    monkeypatch.setattr(interface, "_asks_for_its_implementation", asks)
    monkeypatch.setattr(interface, "_same_output", proven)
    views: list[Any] = []
    thread = threading.Thread(target=lambda: views.append(trusted_view(slow, ids)))
    thread.start()
    assert running.wait(60)
    assert len(record(quick, ids)[1]) == 2
    assert thread.is_alive()
    go_on.set()
    thread.join(60)
    assert views == [trusted_view(slow, ids)]
    assert views[0] is not None
