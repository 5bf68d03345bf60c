"""Texts that models write token by token: a writer for each question, kept in bounds, made again where it is gone."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated, Any

import numpy as np

from attnviz.errors import AttnVizError, InputInvalid, InputTooLong, ModelUnsupported
from attnviz.language import say
from attnviz.runtime import limits
from attnviz.runtime.engine.engine import WRITER, Engine, digest
from attnviz.runtime.engine.models import Loaded
from attnviz.runtime.progress import WRITING, Progress, Stage, silent
from attnviz.runtime.query import Query, is_file
from attnviz.types import BoolArray, Candidate, FloatArray, Kind, Tokens, WrittenToken

if TYPE_CHECKING:
    from attnviz.analysis.quotation import Quotations
    from attnviz.capture.writing.writer import Writer

MOST_QUOTED = 8_000_000  # weights that are looked at to trace an answer to its passage
PIECE = 32  # tokens that are read in one turn: a longer text lets others have theirs in between


@dataclass(frozen=True)
class Draft:
    """What is to be written on: a prompt, how tokens are chosen, and those that were chosen so far.

    Attributes:
        query: the prompt; its pair and target text are not read. chosen: numbers of tokens.
        temperature, top_k, top_p, seed: as in `Model.write`.
    """

    query: Query
    chosen: tuple[int, ...] = ()
    temperature: float = 0.0
    top_k: int | None = None
    top_p: float | None = None
    seed: int = 0

    @property
    def choosing(self) -> dict[str, Any]:
        """How tokens are chosen, as options of `Model.write`."""
        return {name: getattr(self, name) for name in ("temperature", "top_k", "top_p", "seed")}


@dataclass(frozen=True)
class Written:
    """What was written.

    Attributes:
        draft: with all tokens that are chosen now. prompt, tokens: what the model read first, and wrote.
        steps: the tokens with what else they could have been, from the one that was asked for.
        candidates, entropy: of the token to come; nothing where the text has ended or the model has no position left.
        ended: whether the model wrote the end of the text. full: whether no position is left.
    """

    draft: Draft
    prompt: Tokens
    tokens: Tokens
    steps: tuple[WrittenToken, ...]
    candidates: tuple[Candidate, ...] = ()
    entropy: float | None = None
    ended: bool = False
    full: bool = False


@dataclass(frozen=True)
class Parting:
    """Where a branch leaves another: its text from there on, and its first step; None where nothing is written."""

    text: str
    step: WrittenToken | None


@dataclass(frozen=True)
class Quoted:
    """Where an answer was read: of its first tokens, in the prompt's tokens from place[0] to before place[1]."""

    place: tuple[int, int]
    links: Quotations


class Writings:
    """What `Runtime` answers about texts that are being written."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def write(
        self, draft: Draft, count: int = 0, since: int | None = None, progress: Progress | None = None
    ) -> Written:
        """The text of a draft, and up to `count` more tokens that the model chooses.

        Each token takes a turn of its own at the device, so that others get theirs in between. What `progress` raises
        ends it after a token; what was written until then is kept for whoever asks next.

        Args:
            since: from which step on to tell; by default those that are new.

        Raises what `Model.write` and `Writer.step` raise; InputTooLong beyond what this server allows.
        """
        report = progress or silent
        start = len(draft.chosen) if since is None else since
        loaded = self._loaded(draft, report)
        self._read(loaded, draft, report)
        for n in range(count):
            taken = draft.chosen

            def one(writer: Writer, taken: tuple[int, ...] = taken) -> tuple[int, ...]:
                writer.follow(taken)
                if not writer.ended and self._fits(writer):
                    writer.step()
                return writer.ids

            draft = replace(draft, chosen=self._turn(loaded, draft, one, report, n / count))
            if draft.chosen == taken:
                break
        found: Written = self._turn(
            loaded, draft, lambda writer: self._told(writer, draft, start), report, 1.0
        )
        return found

    def partings(
        self,
        draft: Draft,
        branches: tuple[tuple[tuple[int, ...], int], ...],
        progress: Progress | None = None,
    ) -> tuple[Parting, ...]:
        """Of branches, given as all their tokens and the place where they part: their texts and first steps.

        Of a branch no more is read than its first token.
        """
        report = progress or silent
        loaded = self._loaded(draft, report)
        found: list[Parting] = []
        for path, at in branches:
            head = path[: at + 1]
            self._read(loaded, replace(draft, chosen=head), report)

            def work(writer: Writer, path: Any = path, at: int = at, head: Any = head) -> Parting:
                from attnviz.text import tokens_of_ids

                writer.follow(head)
                text = "".join(tokens_of_ids(writer.model.loaded.tokenizer, path).labels[at:])
                return Parting(text, next(iter(writer.steps_from(at)), None))

            found.append(self._turn(loaded, draft, work, report, None))
        return tuple(found)

    def step_rows(
        self, draft: Draft, place: int, kind: Kind | None = None, progress: Progress | None = None
    ) -> Annotated[FloatArray, "L H K"]:
        """Of every head the row of attention that led to the token number `place`; see `Writer.rows`."""
        report = progress or silent
        loaded = self._loaded(draft, report)
        self._read(loaded, draft, report)

        def work(writer: Writer) -> FloatArray:
            writer.follow(draft.chosen)
            return writer.rows(place, kind)

        found: FloatArray = self._turn(loaded, draft, work, report, None)
        return found

    def quotations(
        self,
        draft: Draft,
        passage: str,
        head: tuple[int, int] | None = None,
        copying: bool = True,
        progress: Progress | None = None,
    ) -> Quoted | None:
        """From which tokens of a passage in the prompt what was written was read; see `analysis.quotation`.

        None where nothing is written, or where the passage does not stand in the prompt as it is.
        """
        report = progress or silent
        loaded = self._loaded(draft, report)
        self._read(loaded, draft, report)

        def work(writer: Writer) -> Quoted | None:
            from attnviz.analysis.quotation import quotations

            writer.follow(draft.chosen)
            card = writer.model.card
            # The heads of a decoder rest on the first token, whatever it is: it is nobody's source.
            place = _within(writer.prompt, passage, 1 if card.kind == "decoder" else 0)
            if place is None or not draft.chosen:
                return None
            width = place[1] - place[0]
            count = max(1, min(len(draft.chosen), MOST_QUOTED // (card.layers * card.heads * width)))
            rows = writer.read_of(*place, count)
            return Quoted(place, quotations(rows, _same(writer, place, count), head, copying))

        found: Quoted | None = self._turn(loaded, draft, work, report, None)
        return found

    def step_question(self, draft: Draft, place: int, progress: Progress | None = None) -> Query:
        """The text before the token number `place`, as a question to explain what comes next.

        Raises InputInvalid where the text would be read as other tokens than those that were written, and
        ModelUnsupported for an encoder-decoder, whose explanations ask about whole texts.
        """
        report = progress or silent
        loaded = self._loaded(draft, report)
        if loaded.model.card.kind != "decoder":
            raise ModelUnsupported(
                say("One step of an encoder-decoder cannot be explained yet."),
                say("Explain the whole output on the Attribution page."),
                reason="not-captured",
            )

        def work(writer: Writer) -> Query:
            from attnviz.capture.sequences import joined
            from attnviz.text import tokens_of_ids

            written = tokens_of_ids(writer.model.loaded.tokenizer, draft.chosen[:place])
            whole = joined(writer.prompt, written) if place else writer.prompt
            for special in (draft.query.special, "only"):
                query = replace(
                    draft.query, text=whole.text, pair=None, chat=False, turns=(), special=special
                )
                try:
                    read = loaded.model.reads(**query.reading).tokenize(query.text)
                except AttnVizError:
                    continue
                if read.ids.tolist() == whole.ids.tolist():
                    return query
            raise InputInvalid(
                say(
                    "This text, read anew, falls into other tokens than those that were written, so this "
                    "step cannot be explained."
                ),
                say("Step one token back or forth."),
            )

        found: Query = self._turn(loaded, draft, work, report, None)
        return found

    def _loaded(self, draft: Draft, report: Progress) -> Loaded:
        if is_file(draft.query.model):
            raise ModelUnsupported(
                say("An opened file holds attention, not the model that made it."),
                say("Choose the model itself to let it write."),
                reason="not-captured",
            )
        limits.check_characters(draft.query, self._engine.settings)
        loaded = self._engine.models.get(draft.query.model, report)
        limits.check(loaded.model, replace(draft.query, pair=None, target_text=None), self._engine.settings)
        return loaded

    def _read(self, loaded: Loaded, draft: Draft, report: Progress) -> None:
        """Have the writer read what was chosen, where it has not: in pieces, each in a turn of its own."""
        chosen = draft.chosen
        for stop in range(0, len(chosen), PIECE):
            part = chosen[: stop + PIECE]

            def read(writer: Writer, part: tuple[int, ...] = part) -> None:
                if not self._fits(writer, len(part)):
                    raise InputTooLong(
                        say("What was written has {chosen:,} tokens; this server allows {max_tokens:,} with the "
"prompt.", chosen=len(chosen), max_tokens=self._engine.settings.max_tokens),
                        say("Write less."),
                        tokens=len(chosen), limit=self._engine.settings.max_tokens,
                    )  # fmt: skip
                if writer.ids[: len(part)] != part:
                    writer.follow(part)

            self._turn(loaded, draft, read, report, None)

    def _fits(self, writer: Writer, written: int | None = None) -> bool:
        """Whether this server, and the model, allow one more token, or so many."""
        count = len(writer.ids) + 1 if written is None else written
        room = self._engine.settings.max_tokens
        if writer.model.card.kind == "decoder":
            room -= len(writer.prompt)
        return count <= min(room, writer.room)

    def _turn(self, loaded: Loaded, draft: Draft, work: Any, report: Progress, fraction: float | None) -> Any:
        """Work on the writer of a question, in turn; the writer is kept for the next."""
        held = self._engine.held
        asked = (loaded.load, draft.query.model, draft.query.texts, tuple(draft.choosing.items()))
        key = f"{WRITER}:{digest(asked)}"

        def done() -> Any:
            report(Stage(WRITING, fraction))
            writer = held.get(key)
            if writer is None:
                query = draft.query
                writer = loaded.model.write(query.content, **draft.choosing, **query.reading)
            try:
                return work(writer)
            finally:
                self._keep(key, loaded, writer)

        return self._engine.in_turn(WRITING, "writing", done, report)

    def _keep(self, key: str, loaded: Loaded, writer: Writer) -> None:
        held = self._engine.held
        try:
            if self._engine.models.peek(loaded.name) is loaded:
                held.put(key, writer, writer.nbytes)
            else:  # a writer would keep the weights of a model that is gone
                held.drop(key)
        except AttnVizError:
            held.drop(key)  # larger than what one visitor may hold: it is made again for each step

    def _told(self, writer: Writer, draft: Draft, since: int) -> Written:
        writer.follow(draft.chosen)
        told = Written(
            draft, writer.prompt, writer.tokens, writer.steps_from(since),
            ended=writer.ended, full=not self._fits(writer),
        )  # fmt: skip
        if told.full:
            return told
        return replace(told, candidates=writer.candidates, entropy=writer.entropy)


def _within(prompt: Tokens, passage: str, first: int) -> tuple[int, int] | None:
    """The tokens of a passage in the prompt from its token `first` on: its first, and the one behind its last."""
    start = prompt.text.find(passage) if passage else -1
    if start < 0:
        return None
    spans, end = prompt.spans, start + len(passage)
    inside = np.flatnonzero((spans[:, 1] > start) & (spans[:, 0] < end) & ~prompt.special)
    inside = inside[inside >= first]
    return (int(inside[0]), int(inside[-1]) + 1) if len(inside) else None


def _same(writer: Writer, place: tuple[int, int], count: int) -> Annotated[BoolArray, "A P"]:
    """Where in the passage a token of the answer stands, as a reader sees it: letters and digits, of any case."""
    there = [_letters(label) for label in writer.prompt.labels[slice(*place)]]
    here = [_letters(label) for label in writer.tokens.labels[:count]]
    return np.array([[bool(one) and one == other for other in there] for one in here])


def _letters(label: str) -> str:
    return "".join(each for each in label if each.isalnum()).lower()
