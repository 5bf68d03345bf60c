"""Writing token by token: rows against transformers' eager attention and one full pass, choices against `generate`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import attnviz
from attnviz.capture import Capture, Model
from tests.fetched import fetched

DECODERS = ("llama", "gpt2", "gemma2", "mistral", "bloom")
BOTH = ("bart", "t5", "marian")
TEXT = "the cat sat on a mat and the dog ran"
KINDS = {"decoder": "decoder_attentions", "cross": "cross_attentions", "encoder": "encoder_attentions"}

Tiny = Callable[[str], Model]


def written(model: Model, count: int = 12, **how: Any) -> Any:
    writer = model.write(TEXT, **how)
    for n in range(count):
        writer.step(5 + n % 11)  # given, so that no tiny model ends its text after a word
    return writer


def eager(model: Model, writer: Any) -> dict[str, list[np.ndarray]]:
    """Attention of the same ids by transformers' own eager implementation in float64, kind by kind."""
    module: Any = model.loaded.module
    other = type(module)(module.config)
    other.load_state_dict(module.state_dict())
    other.double().eval().set_attn_implementation("eager")
    ids = torch.tensor([writer.prompt.ids.tolist()])
    with torch.no_grad():
        if model.card.kind == "decoder":
            whole = torch.cat([ids, torch.tensor([writer.ids])], 1)
            return {"self": [a[0].numpy() for a in other(whole, output_attentions=True).attentions]}
        fed = torch.tensor([model.fed_for(writer.ids)])
        output = other(input_ids=ids, decoder_input_ids=fed, output_attentions=True)
    return {kind: [a[0].numpy() for a in output[name]] for kind, name in KINDS.items()}


def assert_equal(capture: Capture, expected: dict[str, list[np.ndarray]]) -> None:
    # T5 does not scale its scores: sharpened ones reach hundreds, where float32 is 1.4e-4 off in eager attention, too.
    atol = 1e-4 if capture.card.family == "t5" else 1e-5
    assert set(capture.kinds) == set(expected)
    for kind, layers in expected.items():
        for layer, weights in enumerate(layers):
            np.testing.assert_allclose(capture.attention(layer, kind=kind), weights, atol=atol)  # type: ignore[arg-type]


@pytest.mark.parametrize("family", [*DECODERS, *BOTH])
def test_rows_are_those_of_one_full_pass(tiny: Tiny, family: str) -> None:
    model = tiny(family)
    writer = written(model)
    capture = writer.capture()
    assert capture.target_tokens is not None
    assert capture.target_tokens.ids.tolist() == list(writer.ids)
    assert writer._passes.keeps == (family != "bloom"), (
        "bloom shows its weights only: each step reads everything"
    )
    assert_equal(capture, eager(model, writer))


# BLOOM does not use transformers' attention interface, and reads the whole text at each step.
@pytest.mark.parametrize("family", [*(each for each in DECODERS if each != "bloom"), *BOTH])
def test_a_branch_reuses_what_was_read_and_leaves_captures_as_they_were(tiny: Tiny, family: str) -> None:
    model = tiny(family)
    writer = written(model)
    first = writer.capture()
    rows = first.attention(1, kind=first.kinds[-1]).copy()
    widths = _widths(model, writer)
    writer.back(5)
    writer.step(19)
    writer.step(18)
    assert max(widths) == 1, "each step reads its token alone, and the prompt not at all"
    assert_equal(writer.capture(), eager(model, writer))
    np.testing.assert_array_equal(first.attention(1, kind=first.kinds[-1]), rows)


def test_a_way_that_was_known_is_taken_without_reading_it_again(tiny: Tiny) -> None:
    model = tiny("llama")
    writer = written(model, 8)
    trunk, records = writer.ids, writer.steps
    writer.back(5)
    writer.step(19)
    branch = writer.ids
    assert writer.candidates
    rows = writer.rows(4)
    widths = _widths(model, writer)
    writer.follow(trunk)
    assert writer.steps == records
    writer.follow(branch)
    assert writer.candidates
    np.testing.assert_array_equal(writer.rows(4), rows)
    assert widths == [0], "nothing was read"
    listed = next(each.id for each in writer.candidates)
    writer.step(listed)
    writer.follow((*branch, listed))
    assert_equal(writer.capture(), eager(model, writer))


def test_what_is_remembered_of_other_ways_is_bounded(tiny: Tiny, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("attnviz.capture.writing.writer.MOST_STEPS", 6)
    model = tiny("gpt2")
    writer = written(model, 4)
    writer.back(2)
    for number in (7, 8, 9, 10, 11, 12):
        writer.step(number)
    fresh = model.write(TEXT)
    fresh.follow(writer.ids)
    for one, other in zip(writer.steps, fresh.steps, strict=True):
        assert one.token.id == other.token.id
        assert one.token.probability == pytest.approx(other.token.probability, abs=1e-6)
        assert one.entropy == pytest.approx(other.entropy, abs=1e-5)


@pytest.mark.parametrize("family", ["gemma2", "bart", "bloom"])
def test_what_all_steps_read_of_the_prompt_is_what_each_read(tiny: Tiny, family: str) -> None:
    model = tiny(family)
    writer = written(model, 7)
    found = writer.read_of(2, 6, 5)
    for place in range(5):
        np.testing.assert_allclose(found[place], writer.rows(place)[..., 2:6], atol=1e-6)
    writer.follow((*writer.ids[:3], 20, 21))  # another way: rows behind where it parts are others
    again = writer.read_of(2, 6, 5)
    for place in range(5):
        np.testing.assert_allclose(again[place], writer.rows(place)[..., 2:6], atol=1e-6)
    np.testing.assert_array_equal(again[:4], found[:4])
    np.testing.assert_array_equal(writer.read_of(2, 6, 2), found[:2])
    with pytest.raises(attnviz.UnknownName, match="end in the prompt"):
        writer.read_of(2, 99, 5)


def _widths(model: Model, writer: Any) -> list[int]:
    """How many tokens each later pass reads, noted as it happens."""
    seen: list[int] = []
    passes = writer._passes._way
    own = passes._inputs_of

    def noted(fed: Any, common: int) -> Any:
        seen.append(len(fed) - common)
        return own(fed, common)

    passes._inputs_of = noted
    seen.append(0)
    return seen


@pytest.mark.parametrize("family", ["gpt2", "mistral", "bart"])
def test_following_tokens_is_stepping_through_them(tiny: Tiny, family: str) -> None:
    model = tiny(family)
    stepped, followed = written(model, 9), model.write(TEXT)
    told: list[float] = []
    followed.follow([*stepped.ids[:4], 20])
    followed.follow(stepped.ids, told.append)
    assert told[-1] == 1
    assert followed.text == stepped.text
    for one, other in zip(stepped.steps, followed.steps, strict=True):
        assert one.token.id == other.token.id
        assert [c.id for c in one.candidates] == [c.id for c in other.candidates]
        assert one.entropy == pytest.approx(other.entropy, abs=1e-5)
        assert one.token.probability == pytest.approx(other.token.probability, abs=1e-6)
    assert_equal(followed.capture(), eager(model, followed))


def test_work_that_is_stopped_leaves_what_was_written(tiny: Tiny) -> None:
    writer = tiny("llama").write("the cat")

    def stop(fraction: float) -> None:
        raise attnviz.Cancelled("stopped")

    with pytest.raises(attnviz.Cancelled):
        writer.follow([5 + n % 11 for n in range(40)], stop)
    assert len(writer.ids) == 32, "what was read before stays"
    writer.back(30)
    writer.step(7)
    assert len(writer.ids) == 3


@pytest.mark.parametrize("family", ["llama", "bart"])
@pytest.mark.parametrize(
    "how", [{}, {"temperature": 1.7}, {"temperature": 0.6, "top_k": 4}, {"temperature": 1.3, "top_p": 0.8, "seed": 5}]
)  # fmt: skip
def test_it_writes_what_generate_writes(tiny: Tiny, family: str, how: dict[str, Any]) -> None:
    model = tiny(family)
    expected = model.generate(TEXT, max_new_tokens=10, **how).target_tokens
    assert expected is not None
    writer = model.write(TEXT, **how)
    while not writer.ended and len(writer.ids) < 10:
        writer.step()
    wanted = expected.ids.tolist()
    if family == "bart":  # `generate` forces the end of the text at its last place
        wanted = wanted[:-1]
    assert list(writer.ids)[: len(wanted)] == wanted


def test_probabilities_after_cuts_are_those_of_transformers(tiny: Tiny) -> None:
    from transformers import LogitsProcessorList, TemperatureLogitsWarper, TopKLogitsWarper, TopPLogitsWarper

    model = tiny("gpt2")
    writer = model.write(TEXT, temperature=0.7, top_k=9, top_p=0.8)
    step = writer.step()
    ids = torch.tensor([writer.prompt.ids.tolist()])
    module: Any = model.loaded.module
    with torch.no_grad():
        logits = module(ids).logits[:, -1]
    warpers = LogitsProcessorList([TemperatureLogitsWarper(0.7), TopKLogitsWarper(9), TopPLogitsWarper(0.8)])
    before, after = logits.softmax(-1)[0], warpers(ids, logits)[0].softmax(-1)
    entropy = -(before * before.log()).sum()
    assert step.entropy == pytest.approx(float(entropy), abs=1e-5)
    assert [c.id for c in step.candidates] == before.topk(20).indices.tolist()
    for each in step.candidates:
        assert each.probability == pytest.approx(float(before[each.id]), abs=1e-6)
        assert each.after == pytest.approx(float(after[each.id]), abs=1e-6)
    assert any(each.after == 0 for each in step.candidates), "what was cut is still told"
    assert step.token.after > 0


def test_the_draw_of_a_place_does_not_depend_on_how_it_was_reached(tiny: Tiny) -> None:
    model = tiny("llama")
    how: dict[str, Any] = {"temperature": 2.0, "seed": 3}
    plain = model.write(TEXT, **how)
    for _ in range(6):
        plain.step()
    again = model.write(TEXT, **how)
    again.follow(plain.ids[:4])
    again.step(9)
    again.back()
    again.step()
    again.step()
    assert again.ids == plain.ids


def test_a_token_beyond_the_likeliest_has_its_probability(tiny: Tiny) -> None:
    writer = tiny("gpt2").write(TEXT)
    listed = {each.id for each in writer.candidates}
    rare = next(n for n in range(23) if n not in listed)
    token = writer.step(rare).token
    assert 0 < token.probability < min(each.probability for each in writer.steps[0].candidates)
    assert token.after == 0


def test_a_text_that_ended_and_other_refusals(tiny: Tiny, minilm: Model) -> None:
    writer = tiny("gpt2").write("the cat")
    writer.step(2)
    assert writer.ended
    with pytest.raises(attnviz.InputInvalid, match="end of the text"):
        writer.step()
    assert writer.step("dog").token.label.strip() == "dog", "a given token goes on"
    with pytest.raises(attnviz.UnknownName, match="single token"):
        writer.step("the cat")
    with pytest.raises(attnviz.UnknownName):
        writer.step(10**6)
    with pytest.raises(attnviz.UnknownName):
        writer.back(3)
    with pytest.raises(attnviz.TargetUnsupported, match="does not write text"):
        minilm.write("The cat")
    with pytest.raises(attnviz.UnknownName):
        tiny("gpt2").write("the cat", temperature=1.0, top_p=1.5)
    with pytest.raises(attnviz.InputTooLong):
        tiny("gpt2").write("the cat").follow([5] * 80)


def test_a_damaged_model_is_refused(tiny: Tiny) -> None:
    model = tiny("llama")
    module: Any = model.loaded.module
    head = module.lm_head.weight
    kept = head.data.clone()
    head.data[3] = torch.nan
    try:
        with pytest.raises(attnviz.NumbersInvalid):
            model.write("the cat").step()
    finally:
        head.data.copy_(kept)


def test_memory_of_long_writing_is_that_of_what_it_holds() -> None:
    """256 tokens of prompt and 256 written: within twice the final Q, K, V and outputs, captures included."""
    from transformers import LlamaConfig, LlamaForCausalLM

    from tests.capture.conftest import _tokenizer

    config = LlamaConfig(
        vocab_size=32, hidden_size=64, intermediate_size=64, num_hidden_layers=4, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=1024, pad_token_id=0, bos_token_id=1, eos_token_id=2,
    )  # fmt: skip
    torch.manual_seed(0)
    model = attnviz.load(LlamaForCausalLM(config).eval(), tokenizer=_tokenizer())
    writer = model.write(" ".join(["the cat sat on a mat and"] * 36 + ["the dog ran"]))
    assert len(writer.prompt) == 256
    for n in range(256):
        writer.step(5 + n % 11)
    capture = writer.capture()
    held = {}
    for layer in capture.layers["self"]:
        scores: Any = layer.scores
        final = sum(t.numel() * 4 for t in (scores.q, scores.k, layer.norms.v, layer.out))  # type: ignore[union-attr]
        held[id(layer)] = final
        assert scores.k.shape[2] == 512
    final = sum(held.values())
    assert writer.nbytes < 2 * final
    storages = {}
    for layer in capture.layers["self"]:
        scores = layer.scores
        for tensor in (scores.q, scores.k, layer.norms.v, layer.out):  # type: ignore[union-attr]
            storages[tensor.untyped_storage().data_ptr()] = tensor.untyped_storage().nbytes()
    assert sum(storages.values()) == writer.nbytes, "the capture is a view of what the writer holds"


def test_a_capture_says_how_it_is_made_again(tiny: Tiny) -> None:
    writer = tiny("llama").write(TEXT, temperature=0.5, seed=4)
    writer.step()
    call = writer.capture().provenance.call
    assert f"writer = model.write({TEXT!r}, temperature=0.5, seed=4)" in call
    assert f"writer.follow([{writer.ids[0]}])" in call


def test_a_real_decoder_writes_as_it_generates() -> None:
    model = attnviz.load(str(fetched("smollm2")), device="cpu", dtype="float32")
    writer = model.write([{"role": "user", "content": "Name a colour."}])
    for _ in range(6):
        writer.step()
    expected = model.generate([{"role": "user", "content": "Name a colour."}], max_new_tokens=6)
    assert expected.target_tokens is not None
    assert writer.text == expected.target_tokens.text
    capture = writer.capture()
    for layer in (0, 17, 29):
        np.testing.assert_allclose(capture.attention(layer), expected.attention(layer), atol=1e-5)


def test_a_real_translator_writes_though_it_keeps_no_keys() -> None:
    model = attnviz.load(str(fetched("translator-en-pt")), device="cpu", dtype="float32")
    writer = model.write("The old man sold his red car.")
    while not writer.ended:
        writer.step()
    expected = model.capture("The old man sold his red car.")
    assert expected.target_tokens is not None
    assert writer.tokens.text == expected.target_tokens.text
    for layer in range(2):
        np.testing.assert_allclose(writer.capture().attention(layer), expected.attention(layer), atol=1e-5)


@pytest.mark.parametrize("family", ["mistral", "bloom", "t5"])
def test_the_row_of_a_step_is_the_one_that_predicts_it(tiny: Tiny, family: str) -> None:
    model = tiny(family)
    writer = written(model, 8)
    expected = eager(model, writer)
    writer.back(2)
    for place in (0, 3, 6):
        kind = "self" if family != "t5" else "cross"
        at = place if family == "t5" else len(writer.prompt) + place - 1
        rows = writer.rows(place)
        keys = rows.shape[2]
        wanted = np.stack([layer[:, at, :keys] for layer in expected[kind]])
        np.testing.assert_allclose(rows, wanted, atol=1e-5)
        assert keys == (at + 1 if family != "t5" else len(writer.prompt))
    with pytest.raises(attnviz.UnknownName, match="step"):
        writer.rows(7)
