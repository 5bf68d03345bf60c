"""What holds for every method and every target: a new registry line is covered by being listed."""

from __future__ import annotations

import numpy as np
import pytest

from attnviz.explanation import explain, methods, methods_for, targets, targets_for
from attnviz.explanation.attribution.registry import METHODS, TARGETS

TEXT, OTHER = "The cat sat on the mat.", "A kitten rests on a rug."
CASES = [
    ("minilm", "similarity"),
    ("minilm", "label-prompt"),
    ("classifier", "label-difference"),
    ("classifier", "label"),
    ("last_token_classifier", "label-difference"),
    ("echoing_classifier", "label-difference"),
    ("echoing_t5", "label"),
    ("filler", "masked-token"),
    ("gpt2", "next-token"),
    ("llama", "token-difference"),
    ("llama", "sequence"),
    ("t5", "sequence"),
    ("multi_label", "label"),
    ("entailer", "entailment"),
    ("echoing_entailer", "entailment"),
    ("tagger", "tag"),
    ("answerer", "answer-start"),
    ("answerer", "answer-end"),
]
QUICK = {"integrated-gradients": {"steps": 2}, "shapley": {"samples": 2}}
GIVEN = {"t5": {"continuation": "The dog slept."}}  # a random one would write nothing but its end by itself
HOSTILE = [
    "</script><img src=x onerror=alert(1)>",
    "$x^2$ <b>bold</b>",
    "[SEP] [CLS] [PAD] [MASK]",
    "<s> </s> <|endoftext|>",
    "nul \0 and \ud800 lone",
    "‮right to left‬ مرحبا",
    "猫坐在垫子上 👩‍👩‍👧‍👦",
]


def test_every_target_is_covered_here():
    assert {target for _, target in CASES} == {info.name for info in targets()}


@pytest.mark.parametrize("info", [*methods(), *targets()], ids=lambda info: info.name)
def test_declarations_are_complete(info):
    for name, value in vars(info).items():
        if name not in (
            "options",
            "targets",
            "negative",
            "signed",
            "sums_up",
            "needs_pair",
            "takes_pair",
            "contest",
            "needs",
        ):
            assert value, f"{info.name}: {name} is empty"
    for text in (info.description, info.positive, info.caveat):
        assert text.endswith(".")
    if hasattr(info, "signed"):
        assert bool(info.negative) == info.signed


@pytest.mark.parametrize("registry", [METHODS, TARGETS], ids=["methods", "targets"])
def test_names_are_unique(registry):
    names = [entry.info.name for entry in registry]
    assert len(set(names)) == len(names)


OFFERED = [(*case, method) for case in CASES for method in methods_for(case[1])]


@pytest.mark.parametrize(
    ("name", "target", "method"),
    OFFERED,
    ids=[f"{name}-{target}-{info.name}" for name, target, info in OFFERED],
)
def test_every_method_explains_every_target_that_it_is_offered_for(name, target, method, request):
    fractions: list[float] = []
    model = request.getfixturevalue(name)
    more = {**QUICK.get(method.name, {}), **GIVEN.get(name, {})}
    result = explain(model, TEXT, target, OTHER, method.name, fractions.append, **more)
    assert target in targets_for(model)
    assert (result.method, result.target, result.signed) == (method.name, target, method.signed)
    assert fractions[0] == 0
    assert fractions[-1] == 1
    assert fractions == sorted(fractions)
    sides = [(result.tokens, result.scores), (result.pair_tokens, result.pair_scores)]
    for tokens, scores in sides if result.pair_tokens is not None else sides[:1]:
        assert scores.dtype == np.float32
        assert scores.shape == (len(tokens),)
        assert np.isfinite(scores).all()
        assert not scores.flags.writeable
        if not method.signed:
            assert (scores >= 0).all()
            assert scores.sum() == pytest.approx(1, abs=1e-5)
    if method.sums_up:
        assert result.residual == pytest.approx(
            result.value - result.baseline_value - result.scores.sum(dtype=np.float64), abs=1e-6
        )
    else:
        assert result.residual is None


@pytest.mark.parametrize(
    ("model", "method"),
    [
        (name, info.name)
        for name, target in (("minilm", "similarity"), ("gpt2", "next-token"), ("llama", "next-token"))
        for info in methods_for(target)
    ],
    indirect=["model"],
)
def test_nothing_stays_on_the_shared_module(model, method):
    module = model.loaded.module
    before = {name: parameter.clone() for name, parameter in module.state_dict().items()}
    explain(model, TEXT, pair=OTHER, method=method, **QUICK.get(method, {}))
    for name, part in module.named_modules():
        assert not part._forward_hooks, name
        assert not part._forward_pre_hooks, name
        assert not part._backward_hooks, name
    for name, parameter in module.named_parameters():
        assert not parameter.requires_grad, name
        assert parameter.grad is None, name
    for name, value in module.state_dict().items():
        assert value.equal(before[name]), name


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("model", ["minilm", "gpt2", "llama"], indirect=True)
def test_hostile_texts_are_texts(model, text):
    for method in methods_for(targets_for(model)[0]):
        result = explain(model, text, pair="A kitten.", method=method.name, **QUICK.get(method.name, {}))
        assert np.isfinite(result.scores).all()
        assert result.tokens.special.sum() == model.tokenize("A kitten.").special.sum()


@pytest.mark.parametrize("method", [info.name for info in methods()])
def test_what_progress_raises_stops_the_work(minilm, method):
    from attnviz.errors import Cancelled

    calls = []

    def stop(fraction: float) -> None:
        calls.append(fraction)
        if len(calls) > 1:
            raise Cancelled("The user stopped the work.")

    with pytest.raises(Cancelled, match="The user stopped"):
        explain(minilm, TEXT, pair=OTHER, method=method, progress=stop)
    assert len(calls) == 2
