"""Beam search as transformers does it, with everything kept that it weighed: the tokens that were pruned, too."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np
import torch

from attnviz import checks
from attnviz.errors import InputInvalid
from attnviz.explanation.declarations import Progress
from attnviz.explanation.translation.decoder import Decoder
from attnviz.explanation.translation.records import BeamTree, Fate, Hypothesis
from attnviz.explanation.translation.writing import checked_ids, label_at
from attnviz.language import say

if TYPE_CHECKING:
    from attnviz.capture import Model
    from attnviz.capture.reading import Special

MOST_BEAMS = 12


def beam_search(
    model: Model,
    text: str,
    num_beams: int = 4,
    prefix: Iterable[int] = (),
    *,
    special: Special = False,
    source_language: str | None = None,
    target_language: str | None = None,
    progress: Progress | None = None,
) -> BeamTree:
    """Search for the likeliest translations with `num_beams` hypotheses at a time, and keep all that were weighed.

    At each step the 2 x num_beams likeliest continuations are weighed; the first num_beams that do not end the sentence
    are gone on with, those among the first num_beams that end it are finished. The scores are those of
    `generate(num_beams=...)` of transformers with the model's own length penalty and early stopping.

    Raises what `translate` raises.
    """
    num_beams = checks.between("number of beams", num_beams, 1, MOST_BEAMS)
    decoder = Decoder(model.reads(special, source_language, target_language), text)
    given = checked_ids(decoder, prefix)
    if given and given[-1] in decoder.ends:
        raise InputInvalid(say("The beginning ends the sentence already."), say("Take its last token away."))
    search = _Search(decoder, num_beams, given)
    while search.goes_on():
        if progress is not None:
            progress(search.length / decoder.most)
        search.step()
    return search.tree()


class _Search:
    """A search under way: the nodes so far, those that it goes on from, and the finished hypotheses."""

    def __init__(self, decoder: Decoder, beams: int, given: tuple[int, ...]) -> None:
        self.decoder, self.beams, self.given = decoder, beams, given
        self.penalty = float(
            decoder.settings.length_penalty if decoder.settings.length_penalty is not None else 1.0
        )
        self.early = decoder.settings.early_stopping
        self.parents: list[int] = []
        self.ids: list[int] = []
        self.log_probs: list[float] = []
        self.totals: list[float] = []
        self.fates: list[Fate] = []
        self.running: list[int] = [-1]
        self.finished: list[Hypothesis] = []
        self.length = len(given)

    def goes_on(self) -> bool:
        """Whether a running hypothesis can still be better than the worst finished one."""
        if not self.running or self.length >= self.decoder.most:
            return False
        if len(self.finished) < self.beams:
            return True
        if self.early is True:
            return False
        far = self.decoder.most if self.early == "never" and self.penalty > 0 else self.length
        return self._total(self.running[0]) / max(1, far) ** self.penalty > self.finished[-1].score

    def step(self) -> None:
        """Weigh one more token behind each running hypothesis."""
        paths = [self._path(node) for node in self.running]
        beginnings = torch.tensor(paths, dtype=torch.long, device=self.decoder.model.device)
        found = self.decoder.next_log_probs(beginnings.reshape(len(paths), -1))
        before = torch.tensor([self._total(node) for node in self.running], device=found.device)
        ends = max(1, len(self.decoder.ends))
        best = (found + before[:, None]).flatten().topk(min((1 + ends) * self.beams, found.numel()))
        self.length += 1
        last = self.length >= self.decoder.most
        goes_on: list[int] = []
        for rank, (total, place) in enumerate(zip(best.values.tolist(), best.indices.tolist(), strict=True)):
            if total == -np.inf:
                continue
            row, number = divmod(place, found.shape[1])
            ended = number in self.decoder.ends or last
            kept = not ended and len(goes_on) < self.beams
            done = ended and rank < self.beams
            fate: Fate = "kept" if kept else "ended" if done else "pruned"
            node = self._add(self.running[row], number, float(found[row, number]), total, fate)
            if kept:
                goes_on.append(node)
            elif done:
                self.finished.append(Hypothesis(node, total / self.length**self.penalty))
        self.finished = sorted(self.finished, key=lambda each: -each.score)[: self.beams]
        self.running = goes_on

    def tree(self) -> BeamTree:
        labels = tuple(
            label_at(self.decoder, self._path(parent), number)
            for parent, number in zip(self.parents, self.ids, strict=True)
        )
        return BeamTree(
            np.array(self.parents, np.int64),
            np.array(self.ids, np.int64),
            labels,
            np.array(self.log_probs, np.float32),
            np.array(self.totals, np.float32),
            tuple(self.fates),
            tuple(self.finished),
            self.beams,
            self.penalty,
            self.given,
        )

    def _add(self, parent: int, number: int, log_prob: float, total: float, fate: Fate) -> int:
        self.parents.append(parent)
        self.ids.append(number)
        self.log_probs.append(log_prob)
        self.totals.append(total)
        self.fates.append(fate)
        return len(self.ids) - 1

    def _total(self, node: int) -> float:
        return self.totals[node] if node >= 0 else 0.0

    def _path(self, node: int) -> list[int]:
        found: list[int] = []
        while node >= 0:
            found.append(self.ids[node])
            node = self.parents[node]
        return [*self.given, *reversed(found)]
