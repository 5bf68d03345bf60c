"""The contract of attention capture over every family of the registry in families.py.

Each family's captured weights are compared with what transformers' eager attention reports for the same
weights and inputs, and in half precision with a float64 softmax written out here.
"""

from __future__ import annotations

import dataclasses
import functools
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import tokenizers
import torch
import transformers
from families import BY_NAME, FAMILIES, UNUSUAL, module_of
from tiny_models import LONG, SHORT, SOURCE_LONG, SOURCE_SHORT, Family, Inputs, build, tensors
from torch import Tensor, nn

import attnviz
from attnviz.capture.recording.recorder import record
from attnviz.capture.sequences import shifted
from attnviz.errors import ModelUnsupported


def over(families: tuple[Family, ...]) -> pytest.MarkDecorator:
    """Parametrise with the families, unpadded and, where they take it, padded."""
    cases = [(one.name, padded) for one in families for padded in (False, True)[: 1 + one.takes_padding]]
    names = [f"{name}{'-padded' * padded}" for name, padded in cases]
    return pytest.mark.parametrize(("name", "padded"), cases, ids=names)


every_case = over(FAMILIES)


@dataclass(frozen=True)
class Case:
    """One family, run once: the engine's result beside transformers' own."""

    family: Family
    padded: bool
    output: Any
    calls: list[Any]
    expected_output: Any
    expected_weights: Mapping[str, list[Tensor]]  # role -> (B, H, Q, K) of each layer
    implementations: tuple[list[str], list[str]]  # of every part of the caller's module, before and after

    def heads(self) -> Iterator[tuple[Any, Tensor, int, int]]:
        """(call, expected weights of the real queries, batch, head) for all that was captured."""
        for call in self.calls:
            reference = self.expected_weights[call.role][call.layer]
            for batch in range(call.shape[0]):
                real = self.real_queries(call.role, batch, call.shape[2])
                for head in range(call.shape[1]):
                    yield call, reference[batch, head, :real], batch, head

    def real_queries(self, role: str, batch: int, queries: int) -> int:
        return self.family.lengths[role][batch] if self.padded else queries


@functools.cache
def case_of(name: str, padded: bool) -> Case:
    family, module = BY_NAME[name], module_of(name)
    inputs = family.inputs(padded)
    before = implementations(module)
    output, calls = record(module, inputs)
    after = implementations(module)
    with torch.no_grad():
        expected_output = module(**inputs)
    weights = reference_weights(family, inputs)
    return Case(family, padded, output, list(calls), expected_output, weights, (before, after))


def implementations(module: nn.Module) -> list[str]:
    return [part.config._attn_implementation for part in module.modules() if hasattr(part, "config")]


def reference_weights(family: Family, inputs: Inputs) -> dict[str, list[Tensor]]:
    """What transformers itself says the weights are, by role and layer."""
    if family.reference == "sdpa":
        (role,) = family.layers
        return {role: observed_sdpa(module_of(family.name), inputs)}
    eager = build(family, attention="eager")
    assert set(implementations(eager)) == {"eager"}
    if family.reference == "function":
        (role,) = family.layers
        return {role: observed_eager(eager, inputs)}
    with torch.no_grad():
        output = eager(**inputs, output_attentions=True)
    alone = len(set(family.layers) - {"cross"}) == 1  # then transformers calls it just "attentions"
    fields = {
        role: "attentions" if alone and role != "cross" else f"{role}_attentions" for role in family.layers
    }
    layers = {role: [one for one in output[field] if one is not None] for role, field in fields.items()}
    if family.reference == "logits":
        return {role: [one.softmax(-1) for one in found] for role, found in layers.items()}
    return layers


def observed_eager(module: nn.Module, inputs: Inputs) -> list[Tensor]:
    """What every call of the modelling file's own eager function returned during a plain run."""
    seen: list[Tensor] = []
    file = sys.modules[type(module).__module__]
    plain = file.eager_attention_forward

    def observing(*args: Any, **options: Any) -> tuple[Tensor, Tensor]:
        output, weights = plain(*args, **options)
        seen.append(weights)
        return output, weights

    with pytest.MonkeyPatch.context() as patch, torch.no_grad():
        patch.setattr(file, "eager_attention_forward", observing)
        module(**inputs)
    return seen


def observed_sdpa(module: nn.Module, inputs: Inputs) -> list[Tensor]:
    """float64 weights of every call of torch's scaled_dot_product_attention during a plain run."""
    seen: list[Tensor] = []
    functional = torch.nn.functional
    plain = functional.scaled_dot_product_attention

    def observing(query: Tensor, key: Tensor, value: Tensor, attn_mask: Tensor, **options: Any) -> Tensor:
        scores = query.double() @ key.double().transpose(-1, -2) * query.shape[-1] ** -0.5
        seen.append((scores + attn_mask.double()).softmax(-1).float())
        return plain(query, key, value, attn_mask=attn_mask, **options)

    with pytest.MonkeyPatch.context() as patch, torch.no_grad():
        patch.setattr(functional, "scaled_dot_product_attention", observing)
        module(**inputs)
    return seen


# ------------------------------------------------------------------------------------------ every family


@every_case
def test_output_is_bit_equal_to_the_default_path(name: str, padded: bool) -> None:
    case = case_of(name, padded)
    expected = tensors(case.expected_output)
    assert expected
    got = tensors(case.output)
    assert got.keys() == expected.keys()
    for field, value in expected.items():
        assert torch.equal(got[field], value), field


@every_case
def test_roles_and_layers(name: str, padded: bool) -> None:
    case = case_of(name, padded)
    seen: dict[str, list[int]] = {}
    for call in case.calls:
        seen.setdefault(call.role, []).append(call.layer)
    assert seen == {role: list(range(count)) for role, count in case.family.layers.items()}
    for call in case.calls:
        assert tuple(call.shape) == tuple(case.expected_weights[call.role][call.layer].shape)


@every_case
def test_weights_equal_eager_attention(name: str, padded: bool) -> None:
    case = case_of(name, padded)
    worst = 0.0
    for call, reference, batch, head in case.heads():
        weights = call.weights(head, batch=batch)
        assert weights.dtype == torch.float32
        assert weights.shape == (call.shape[2], call.shape[3])
        worst = max(worst, float((weights[: len(reference)] - reference).abs().max()))
    assert worst <= case.family.tolerance


@every_case
def test_rows_sum_to_one(name: str, padded: bool) -> None:
    case = case_of(name, padded)
    for call, reference, batch, head in case.heads():
        sums = call.weights(head, batch=batch)[: len(reference)].sum(-1)
        if case.family.sums_to_one:
            torch.testing.assert_close(sums, torch.ones_like(sums), atol=2e-6, rtol=0)
        else:
            assert bool((sums > 0).all())
            assert bool((sums <= 1 + 2e-6).all())  # where the sink takes next to nothing, 1 in float32
            assert float(sums.min()) < 0.99


@every_case
def test_what_eager_attention_masks_is_not_allowed(name: str, padded: bool) -> None:
    """Whatever form the mask has: above the diagonal where attention is causal, and keys that no row looks at."""
    case = case_of(name, padded)
    for call in case.calls:
        for batch in range(call.shape[0]):
            real = case.real_queries(call.role, batch, call.shape[2])
            expected = case.expected_weights[call.role][call.layer][batch, :, :real]
            allowed = call.scores.allowed(slice(None), slice(None), batch).expand(call.shape[1], -1, -1)[
                :, :real
            ]
            assert not bool((~allowed & (expected > 0)).any())
            hidden = (expected == 0).all(0)  # a weight that rounds to 0 does so in one head
            if name != "swin":  # adds -100 to what lies in another window: next to nothing, but no mask
                assert not bool((allowed & hidden).any())
            if call.role == "decoder" and not bool(expected.triu(1).any()):
                assert not bool(allowed.triu(1).any())


@every_case
def test_rows_alone_equal_the_rows_of_the_whole(name: str, padded: bool) -> None:
    case = case_of(name, padded)
    for call in case.calls:
        queries = call.shape[2]
        picks = torch.tensor([queries - 1, 0, queries // 2])
        for batch in range(call.shape[0]):
            head = (call.layer + batch) % call.shape[1]
            whole = call.weights(head, batch=batch)
            middle = slice(queries // 3, queries - 2)
            close = functools.partial(torch.testing.assert_close, atol=2e-6, rtol=0)
            close(call.weights(head, rows=middle, batch=batch), whole[middle])
            close(call.weights(head, rows=slice(queries - 1, queries), batch=batch), whole[-1:])
            close(call.weights(head, rows=picks, batch=batch), whole[picks])


@every_case
def test_the_callers_module_is_not_switched(name: str, padded: bool) -> None:
    before, after = case_of(name, padded).implementations
    assert before
    assert after == before


@every_case
def test_reference_attention_is_sharp(name: str, padded: bool) -> None:
    """Of the registry, not of the engine: near-uniform rows would let a lost mask, bias or scale pass."""
    case = case_of(name, padded)
    peaks: dict[str, list[Tensor]] = {}
    for call, reference, _, _ in case.heads():
        peaks.setdefault(call.role, []).append(reference[reference.shape[0] // 2 :].amax(-1))
    for role, found in peaks.items():
        assert 0.4 < torch.cat(found).mean() < 0.95, role


@pytest.mark.parametrize("name", ["bert", "llama", "t5", "bloom"])
def test_weights_change_when_a_query_weight_does(name: str) -> None:
    """The captured maps are of this module's weights as they are now, not of a copy made earlier."""
    family = BY_NAME[name]
    module, inputs = build(family), family.inputs(False)
    _, first = record(module, inputs)
    stale = first[0].weights(0)
    with torch.no_grad():
        for weight in module.parameters():
            weight.mul_(0.5)
    _, second = record(module, inputs)
    assert float((second[0].weights(0) - stale).abs().max()) > 1e-2
    output, _ = record(module, inputs)
    with torch.no_grad():
        expected = tensors(module(**inputs))
    assert all(torch.equal(tensors(output)[field], value) for field, value in expected.items())


# ------------------------------------------------------------------------------------- half precision


@dataclass(frozen=True)
class Rule:
    """What a family adds to softmax(scale * Q K^T), restated here without the engine.

    windows: per layer, how far back a query sees (0: everything); both ways where not causal.
    """

    causal: bool = False
    windows: tuple[int, int] = (0, 0)
    softcap: float = 0.0
    scale: float | None = None
    bias: Callable[[nn.Module, str], Tensor] | None = None
    sinks: Callable[[nn.Module, int], Tensor] | None = None


def t5_bias(module: nn.Module, role: str) -> Tensor:
    """Section 2.1 of Raffel et al. 2020: one learned number per head and bucket of j - i."""
    if role == "cross":
        return torch.zeros(1)
    attention = getattr(module, role).block[0].layer[0].SelfAttention
    length = LONG if role == "decoder" else SOURCE_LONG
    offsets = torch.arange(length)[None, :] - torch.arange(length)[:, None]
    buckets = attention._relative_position_bucket(
        offsets,
        bidirectional=role == "encoder",
        num_buckets=attention.relative_attention_num_buckets,
        max_distance=attention.relative_attention_max_distance,
    )
    return attention.relative_attention_bias.weight[buckets].permute(2, 0, 1).double()


BOTH = {"encoder": Rule(), "decoder": Rule(causal=True), "cross": Rule()}
HALF: dict[str, dict[str, Rule]] = {
    "bert": {"encoder": Rule()},
    "modernbert": {"encoder": Rule(windows=(0, 3))},
    "vit": {"encoder": Rule()},
    "gpt2": {"decoder": Rule(causal=True)},
    "gpt_neox": {"decoder": Rule(causal=True)},
    "llama": {"decoder": Rule(causal=True)},
    "mistral": {"decoder": Rule(causal=True, windows=(5, 5))},
    "qwen3": {"decoder": Rule(causal=True)},
    "gemma2": {"decoder": Rule(causal=True, windows=(5, 0), softcap=5.0)},
    "gemma3": {"decoder": Rule(causal=True, windows=(5, 0))},
    "gpt_oss": {
        "decoder": Rule(
            causal=True,
            windows=(5, 0),
            sinks=lambda module, layer: module.layers[layer].self_attn.sinks.detach(),
        )
    },
    "granite": {"decoder": Rule(causal=True, scale=0.35)},
    "deepseek_v3": {"decoder": Rule(causal=True)},
    "bart": BOTH,
    "t5": {role: Rule(causal=role == "decoder", scale=1.0, bias=t5_bias) for role in BOTH},
    "falcon": {"decoder": Rule(causal=True)},
}


def float64_weights(call: Any, rule: Rule, module: nn.Module, batch: int, head: int, keys: int) -> Tensor:
    """softmax(scale * Q K^T + ...) of one head in float64; `keys`: how many of them are real."""
    q, k = call.q[batch, head].double(), call.k[batch, head // (call.q.shape[1] // call.k.shape[1])].double()
    scores = q @ k.T * (rule.scale or q.shape[-1] ** -0.5)
    if rule.softcap:
        scores = rule.softcap * torch.tanh(scores / rule.softcap)
    if rule.bias is not None:
        bias = rule.bias(module, call.role)
        scores = scores + (bias[head] if bias.dim() == 3 else bias)
    i, j = torch.arange(scores.shape[0])[:, None], torch.arange(scores.shape[1])[None, :]
    allowed = (j < keys).expand_as(scores)
    if rule.causal:
        allowed = allowed & (j <= i)
    if window := rule.windows[call.layer]:
        allowed = allowed & ((i - j < window) if rule.causal else ((i - j).abs() <= window))
    powers = scores.masked_fill(~allowed, float("-inf")).exp()
    total = powers.sum(-1, keepdim=True)
    if rule.sinks is not None:
        total = total + rule.sinks(module, call.layer)[head].double().exp()
    return powers / total


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16], ids=["bfloat16", "float16"])
@pytest.mark.parametrize("name", HALF)
def test_half_precision_equals_float64(name: str, dtype: torch.dtype) -> None:
    family = BY_NAME[name]
    module = build(family).to(dtype)
    padded = family.takes_padding
    inputs = {
        key: value.to(dtype) if value.is_floating_point() else value
        for key, value in family.inputs(padded).items()
    }
    output, calls = record(module, inputs)
    with torch.no_grad():
        plain = tensors(module(**inputs))
    assert all(torch.equal(tensors(output)[field], value) for field, value in plain.items())
    worst = 0.0
    for call in calls:
        assert call.q.dtype == dtype
        rule = HALF[name][call.role]
        for batch in range(call.shape[0]):
            real = family.lengths[call.role][batch] if padded else call.shape[2]
            keys = real_keys(call, batch) if padded else call.shape[3]
            for head in range(call.shape[1]):
                expected = float64_weights(call, rule, module, batch, head, keys)
                weights = call.weights(head, batch=batch)
                assert weights.dtype == torch.float32
                worst = max(worst, float((weights - expected)[:real].abs().max()))
    assert worst <= 1e-5


def real_keys(call: Any, batch: int) -> int:
    """How many keys of the second row are not padding."""
    if batch == 0:
        return int(call.shape[3])
    return {LONG: SHORT, SOURCE_LONG: SOURCE_SHORT}[call.shape[3]]


# ------------------------------------------------------------------------------------------ refusals


@pytest.mark.parametrize("family", UNUSUAL, ids=[family.name for family in UNUSUAL])
def test_an_unusual_family_is_exact_or_refused(family: Family, tmp_path: Path) -> None:
    """Bands, blocks, pooled or doubled attention, as a user meets them: a wrong map would be worse than none."""
    build(family).save_pretrained(tmp_path)
    word_tokenizer().save_pretrained(tmp_path)
    target = "w3 w14 w15 w9 w26 w5" if "cross" in family.layers else None
    try:
        model = attnviz.load(str(tmp_path), device="cpu", dtype="float32")
        capture = model.capture(" ".join(f"w{n}" for n in range(8, 8 + LONG)), target_text=target)
    except ModelUnsupported as refusal:
        refused = refusal
    else:
        assert_exact(family, capture)
        return
    assert refused.message
    assert refused.remedy


def word_tokenizer() -> Any:
    vocabulary = {"<pad>": 0, "</s>": 1, "<unk>": 2} | {f"w{n}": n for n in range(3, 99)}
    backend = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="<unk>"))
    backend.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    return transformers.PreTrainedTokenizerFast(
        tokenizer_object=backend, pad_token="<pad>", eos_token="</s>", unk_token="<unk>"
    )


def assert_exact(family: Family, capture: Any) -> None:
    """Every head of every layer equals what eager attention says for the same ids."""
    inputs = {"input_ids": torch.tensor(capture.tokens.ids)[None]}
    if "cross" in family.layers:
        inputs["decoder_input_ids"] = torch.tensor(capture.query_tokens("decoder").ids)[None]
    for role, expected in reference_weights(family, inputs).items():
        kind = role if len(family.layers) > 1 else "self"
        assert capture.shape(kind)[0] == len(expected) == family.layers[role]
        for layer, weights in enumerate(expected):
            shown = torch.tensor(capture.attention(layer, kind=kind))
            torch.testing.assert_close(shown, weights[0], atol=family.tolerance, rtol=0)


HEADED = {
    "bart": "BartForConditionalGeneration",
    "marian": "MarianMTModel",
    "mbart": "MBartForConditionalGeneration",
    "pegasus": "PegasusForConditionalGeneration",
    "m2m_100": "M2M100ForConditionalGeneration",
    "t5": "T5ForConditionalGeneration",
    "umt5": "UMT5ForConditionalGeneration",
    "bert2gpt2": "EncoderDecoderModel",
    "prophetnet": "ProphetNetForConditionalGeneration",
    "led": "LEDForConditionalGeneration",
}


@pytest.mark.parametrize("name", HEADED)
def test_the_decoder_is_fed_as_transformers_feeds_it_from_labels(name: str) -> None:
    module = build(dataclasses.replace(BY_NAME[name], model=HEADED[name]))
    if getattr(module.config, "decoder_start_token_id", None) is None and name != "mbart":
        module.config.decoder_start_token_id = 4
    module.config.pad_token_id = 0
    fed: list[list[int]] = []
    module.get_decoder().register_forward_pre_hook(
        lambda _, args, options: fed.append((args[0] if args else options["input_ids"])[0].tolist()),
        with_kwargs=True,
    )
    labels = [7, 13, 9, 22, 1]
    with torch.no_grad():
        module(input_ids=torch.arange(5, 15)[None], labels=torch.tensor([labels]))
    assert shifted(module, labels) == fed[0]


@pytest.mark.parametrize("name", ["t5", "bert2gpt2", "longt5"])
def test_a_config_without_a_start_token_still_starts_the_decoder(name: str) -> None:
    module = build(BY_NAME[name])
    assert getattr(module.config, "decoder_start_token_id", None) is None
    assert shifted(module, [7, 13, 1])[1:] == [7, 13]


WITHOUT_ATTENTION = {
    "mamba": ("MambaConfig", "MambaModel", {"state_size": 4}),
    "mamba2": (
        "Mamba2Config",
        "Mamba2Model",
        {"num_heads": 8, "head_dim": 8, "state_size": 8, "n_groups": 1},
    ),
    "rwkv": ("RwkvConfig", "RwkvModel", {"attention_hidden_size": 32}),
    "fnet": ("FNetConfig", "FNetModel", {"intermediate_size": 64}),
}


@pytest.mark.parametrize("name", WITHOUT_ATTENTION)
def test_a_model_without_attention_is_refused(name: str) -> None:
    config, model, options = WITHOUT_ATTENTION[name]
    small = {"vocab_size": 99, "hidden_size": 32, "num_hidden_layers": 2}
    module = getattr(transformers, model)(getattr(transformers, config)(**small, **options)).eval()
    with pytest.raises(ModelUnsupported) as caught:
        record(module, {"input_ids": torch.arange(5, 15)[None]})
    assert caught.value.reason in ("no-attention", "not-captured")
    assert caught.value.remedy


def test_an_error_of_the_model_reaches_the_caller_and_leaves_nothing_behind() -> None:
    module, inputs = module_of("bert"), BY_NAME["bert"].inputs(False)
    with pytest.raises(IndexError):
        record(module, {"input_ids": inputs["input_ids"] + 1000})
    _, calls = record(module, inputs)
    assert [call.layer for call in calls] == [0, 1]
