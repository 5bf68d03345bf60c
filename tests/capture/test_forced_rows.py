"""Rows of attention forced in every family of the registry, against transformers' eager attention.

A blocked cell is compared with -inf added to the score of that cell, wherever the family's own eager code calls its
softmax; so whatever the family does before and after it (bias, cap, sinks, grouped values) has to be right.
"""

from __future__ import annotations

from typing import Any

import pytest
import torch
from families import BY_NAME, FAMILIES, module_of
from tiny_models import build, tensors
from torch.overrides import TorchFunctionMode

from attnviz.capture.recording.recorder import Call
from attnviz.capture.recording.sites import Sites, find_sites
from attnviz.errors import InputEmpty
from attnviz.explanation.intervention.forcing import Forcing

HEAD = 1
# Of "falcon-alibi" the eager path is another model than the default one.
EAGER = [family.name for family in FAMILIES if family.reference != "sdpa"]
ROLES = [(name, role) for name in EAGER for role in BY_NAME[name].layers]


class Banned(TorchFunctionMode):
    """Adds -inf to one cell of one head's scores, in the attention call of that number."""

    def __init__(self, number: int, heads: int, query: int, key: int) -> None:
        super().__init__()
        self.number, self.heads, self.cell, self.seen = number, heads, (slice(None), HEAD, query, key), 0

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if getattr(func, "__name__", "") == "softmax" and self.attends(args[0]):
            if self.seen == self.number:
                scores = args[0].clone()
                scores.view(-1, self.heads, *scores.shape[-2:])[self.cell] += float("-inf")
                args = (scores, *args[1:])
            self.seen += 1
        return func(*args, **(kwargs or {}))

    def attends(self, scores: torch.Tensor) -> bool:
        """Whether these are an attention's, not a router's; XGLM has batch and heads in one axis."""
        return scores.dim() == 4 or (scores.dim() == 3 and len(scores) == 2 * self.heads)


def last_of(sites: Sites, role: str) -> tuple[int, Call]:
    """The last call of a role, with its number: what it gives is not attended to any more in its own stack."""
    return [(number, call) for number, call in enumerate(sites.calls) if call.role == role][-1]


def largest_cell(call: Call) -> tuple[int, int]:
    """A query in the middle, and the key that it looks at most: the cell that matters."""
    query = call.shape[2] // 2
    return query, int(call.weights(HEAD, slice(query, query + 1))[0].argmax())


def run(module: torch.nn.Module, inputs: Any, sites: Sites, forcing: Any) -> dict[str, torch.Tensor]:
    with torch.no_grad(), sites.attending(forcing) as running:
        return tensors(running(**inputs))


def farthest(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> float:
    """The largest difference, in units of the tensor's own largest number."""
    return max(
        float((first[name] - second[name]).abs().max() / first[name].abs().max().clamp(min=1))
        for name in first
    )


@pytest.mark.parametrize(("name", "role"), ROLES)
def test_a_blocked_cell_is_minus_infinity_before_the_eager_softmax(name: str, role: str) -> None:
    family, module = BY_NAME[name], module_of(name)
    inputs = family.inputs(False)
    sites = find_sites(module, inputs)
    number, call = last_of(sites, role)
    query, key = largest_cell(call)
    got = run(module, inputs, sites, Forcing(sites.calls, {number: [HEAD]}, "block", [query], [key]))
    eager = build(family, attention="eager")
    with torch.no_grad(), Banned(number, call.shape[1], query, key) as banned:
        expected = tensors(eager(**inputs))
    assert banned.seen == len(sites.calls)
    with torch.no_grad():
        unchanged = tensors(module(**inputs))
    assert farthest(expected, got) <= 2e-5
    assert farthest(unchanged, got) > 1e-3


@pytest.mark.parametrize("name", EAGER)
def test_the_models_own_weights_give_its_own_output_and_other_rows_stay(name: str) -> None:
    family, module = BY_NAME[name], module_of(name)
    inputs = family.inputs(False)
    sites = find_sites(module, inputs)
    forcing = Forcing(sites.calls, {number: [HEAD] for number in range(len(sites.calls))}, "block", [2], [0])
    forcing.keys = ()  # nothing out of sight: the rows are computed anew, and are what they were

    def attend(number: int, call: Call) -> torch.Tensor:
        changed = forcing(number, call)
        assert changed is not None
        own = call.scores.weights if call.out is None else call.out
        rest = torch.ones_like(own, dtype=torch.bool)
        rest[(slice(None), HEAD, 2) if call.out is None else (slice(None), 2, HEAD)] = False
        assert torch.equal(own[rest], changed[rest])
        return changed

    with torch.no_grad():
        unchanged = tensors(module(**inputs))
    assert farthest(unchanged, run(module, inputs, sites, attend)) <= 1e-5


@pytest.mark.parametrize(
    ("name", "role", "sees"),
    [
        ("gpt2", "decoder", lambda i, j: j <= i),
        ("llama", "decoder", lambda i, j: j <= i),
        ("mistral", "decoder", lambda i, j: i - 5 < j <= i),
        ("gpt_oss", "decoder", lambda i, j: i - 5 < j <= i),
        ("falcon-alibi", "decoder", lambda i, j: j <= i),  # its mask stands in a float bias
        ("bloom", "decoder", lambda i, j: j <= i),
        ("mpt", "decoder", lambda i, j: j <= i),
        ("mpnet", "encoder", lambda i, j: True),
        ("t5", "cross", lambda i, j: True),
    ],
)
def test_uniform_is_the_mean_of_the_values_that_the_mask_allows(name: str, role: str, sees: Any) -> None:
    """Written out here: a grouped value head serves several heads, and a sink takes nothing."""
    family, module = BY_NAME[name], module_of(name)
    inputs = family.inputs(False)
    sites = find_sites(module, inputs)
    number = next(number for number, call in enumerate(sites.calls) if call.role == role)
    for head in range(sites.calls[number].shape[1]):
        forcing, seen = Forcing(sites.calls, {number: [head]}, "uniform"), []

        def attend(number: int, call: Call, forcing: Any = forcing, seen: Any = seen) -> torch.Tensor | None:
            changed = forcing(number, call)
            seen += [(call, changed)] if changed is not None else []
            return changed

        run(module, inputs, sites, attend)
        ((call, changed),) = seen
        _, heads, queries, keys = call.shape
        for query in range(queries):
            places = [key for key in range(keys) if sees(query, key)]
            if call.v is None:
                expected = torch.zeros(keys).index_fill(0, torch.tensor(places), 1 / len(places))
                got = changed[0, head, query]
            else:
                expected = call.v[0, head // (heads // call.v.shape[1]), places].mean(0)
                got = changed[0, query, head]
            torch.testing.assert_close(got, expected, atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("name", ["falcon-alibi", "bloom", "mpt", "llama"])
def test_uniform_never_looks_ahead(name: str) -> None:
    """With every row of every head forced, what stands before a changed token comes out as it was."""
    family, module = BY_NAME[name], module_of(name)
    inputs = family.inputs(False)
    other = {**inputs, "input_ids": inputs["input_ids"].clone()}
    other["input_ids"][:, -1] += 1
    found = []
    for each in (inputs, other):
        sites = find_sites(module, each)
        places = {number: list(range(call.shape[1])) for number, call in enumerate(sites.calls)}
        found.append(run(module, each, sites, Forcing(sites.calls, places, "uniform"))["last_hidden_state"])
    torch.testing.assert_close(found[0][:, :-1], found[1][:, :-1])
    assert float((found[0][:, -1] - found[1][:, -1]).abs().max()) > 1e-3


@pytest.mark.parametrize("name", ["llama", "gpt_oss", "mpnet"])
def test_a_row_that_sees_nothing_else_stays_or_is_the_sinks(name: str) -> None:
    """The first row of a decoder sees itself only; a sink takes what then is left over."""
    family, module = BY_NAME[name], module_of(name)
    inputs = family.inputs(False)
    sites = find_sites(module, inputs)
    keys = [0] if name != "mpnet" else list(range(sites.calls[0].shape[3]))
    everywhere = {number: [HEAD] for number in range(len(sites.calls))}
    forcing = Forcing(sites.calls, everywhere, "block", keys=keys)
    run(module, inputs, sites, forcing)
    record = forcing.record()
    if name == "gpt_oss":
        assert record.left == ()
        assert record.after[0] == 0
        return
    assert record.left == ((0,) if name == "llama" else tuple(keys))
    named = Forcing(sites.calls, everywhere, "block", [1, 0], keys)
    with pytest.raises(InputEmpty, match="would have nothing left to look at"):
        run(module, inputs, sites, named)
