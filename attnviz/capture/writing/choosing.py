"""From the scores of the next token to the one that is written: temperature, top-k, top-p, and a seeded draw.

The processors are transformers' own, in the order in which `generate` applies them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import torch
from transformers import LogitsProcessorList
from transformers.generation.logits_process import (
    TemperatureLogitsWarper,
    TopKLogitsWarper,
    TopPLogitsWarper,
)

SHOWN = 20  # candidates that are kept of each step


@dataclass(frozen=True)
class Choosing:
    """How a token is chosen: with temperature 0 the likeliest one, else drawn from what the cuts leave."""

    temperature: float = 0.0
    top_k: int | None = None
    top_p: float | None = None
    seed: int = 0

    def processors(self) -> LogitsProcessorList:
        """What `generate` would apply to the scores."""
        made: list[Any] = []
        if self.temperature not in (0.0, 1.0):
            made.append(TemperatureLogitsWarper(self.temperature))
        if self.top_k:
            made.append(TopKLogitsWarper(self.top_k))
        if self.top_p is not None and self.top_p < 1:
            made.append(TopPLogitsWarper(self.top_p))
        return LogitsProcessorList(made)


@dataclass(frozen=True)
class Distribution:
    """What could come next, at one step.

    Attributes:
        ids, before, after: of the likeliest tokens, as lists. entropy: of `before`, in nats.
        best: the likeliest token that may be written. whole: (V,) probabilities after all cuts, None where nothing
            is drawn.
    """

    ids: list[int]
    before: list[float]
    after: list[float]
    entropy: float
    best: int
    whole: Annotated[torch.Tensor, "V"] | None


class Rules:
    """What the model's own generation settings forbid or demand at a step, apart from how it is drawn."""

    def __init__(self, module: Any, language_token: int | None) -> None:
        settings = getattr(module, "generation_config", None)
        never = list(getattr(settings, "suppress_tokens", None) or ())
        never += [ids[0] for ids in getattr(settings, "bad_words_ids", None) or () if len(ids) == 1]
        self.never = sorted(set(never))
        self.never_first = list(getattr(settings, "begin_suppress_tokens", None) or ())
        demanded = getattr(settings, "forced_bos_token_id", None)
        self.first = demanded if language_token is None else language_token
        if not getattr(module.config, "is_encoder_decoder", False):
            self.first = None

    def apply(self, logits: Annotated[torch.Tensor, "V"], position: int) -> Annotated[torch.Tensor, "V"]:
        """The scores with what may not be written at -inf."""
        if position == 0 and self.first is not None:
            only = torch.full_like(logits, -torch.inf)
            only[self.first] = 0
            return only
        gone = [*self.never, *(self.never_first if position == 0 else ())]
        if not gone:
            return logits
        return logits.index_fill(0, torch.tensor(gone, device=logits.device), -torch.inf)


def distribution(
    logits: Annotated[torch.Tensor, "V"], choosing: Choosing, rules: Rules, position: int
) -> Distribution:
    """The candidates of one step. Ties go to the smaller id, as argmax has it."""
    logits = logits.float()
    before = logits.softmax(-1)
    allowed = rules.apply(logits, position)
    entropy = float(torch.special.entr(before).sum())
    best = int(allowed.argmax())
    ids = before.topk(min(SHOWN, len(before))).indices
    after = None
    if choosing.temperature > 0:
        nothing: Any = torch.empty((1, 0), dtype=torch.long)
        after = choosing.processors()(nothing, allowed[None])[0].softmax(-1)
        kept = after[ids].tolist()
    else:
        kept = [float(number == best) for number in ids.tolist()]
    return Distribution(ids.tolist(), before[ids].tolist(), kept, entropy, best, after)


class Draws:
    """A stream of random numbers of which each step has its own place, whatever was chosen before it."""

    def __init__(self, seed: int, device: torch.device, vocabulary: int) -> None:
        self._generator = torch.Generator(device).manual_seed(seed)
        self._states = [self._generator.get_state()]
        self._even = torch.ones(vocabulary, device=device)

    def draw(self, probabilities: Annotated[torch.Tensor, "V"], position: int) -> int:
        """The token of a step: the same for the same seed, step and probabilities."""
        while len(self._states) <= position:  # steps at which somebody chose: their numbers are skipped
            self._generator.set_state(self._states[-1])
            torch.multinomial(self._even, 1, generator=self._generator)
            self._states.append(self._generator.get_state())
        self._generator.set_state(self._states[position])
        found = int(torch.multinomial(probabilities, 1, generator=self._generator))
        if len(self._states) == position + 1:
            self._states.append(self._generator.get_state())
        return found
