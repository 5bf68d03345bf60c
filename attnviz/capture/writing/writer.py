"""A text that a model writes token by token: chosen by the model or by the reader, taken back, and captured."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated, Any

import torch

from attnviz import checks
from attnviz.capture.reading import check_length, target_of
from attnviz.capture.sequences import decoder_start, joined
from attnviz.capture.writing.choosing import Choosing, Distribution, Draws, Rules, distribution
from attnviz.capture.writing.passes import Passes, common_length
from attnviz.capture.writing.rows import Rows
from attnviz.errors import InputEmpty, InputInvalid, NumbersInvalid, UnknownName
from attnviz.language import say
from attnviz.text.decoding import textless_ids
from attnviz.types import Candidate, FloatArray, Kind, Tokens, WrittenToken

if TYPE_CHECKING:
    from attnviz.capture.capture import Capture
    from attnviz.capture.model import Model

PIECE = 32  # tokens that `follow` reads at once: between two pieces it can be stopped
MOST_STEPS = 2_048  # steps of all branches whose candidates are remembered; about two kilobytes each


@dataclass
class _Step:
    """A place in the tree of all that was ever written here: what could come next, and what did.

    `led`: the probabilities, before and after the cuts, of the token that leads here.
    """

    known: Distribution | None = None
    led: tuple[float, float] = (1.0, 1.0)
    after: dict[int, _Step] = field(default_factory=dict)


class Writer:
    """What `Model.write` gives: a prompt, and what was written behind it. For one thread at a time.

    Attributes:
        model: the model. prompt: the tokens that it continues (or that an encoder reads).
    """

    def __init__(
        self, model: Model, prompt: Tokens, inputs: dict[str, list[int]], choosing: Choosing, made: str = ""
    ) -> None:
        loaded, module = model.loaded, model.loaded.module
        if not getattr(module, "can_generate", lambda: False)():
            raise InputEmpty(
                say("{name} has no head to write with.", name=loaded.card.name),
                say("Choose a model with a language-model head."),
            )
        self.model, self.prompt, self.choosing, self._made = model, prompt, choosing, made
        self._both = loaded.card.kind == "encoder-decoder"
        language = self._language(model) if self._both else (None, None)
        self._start = (
            [decoder_start(module, loaded.tokenizer, language[0])] if self._both else inputs["input_ids"]
        )
        # A language that starts the decoder need not be written once more.
        forced = None if language[1] in (None, self._start[0]) else language[1]
        self._rules = Rules(module, forced)
        if language[1] is not None and forced is None:
            self._rules.first = None
        self._passes = Passes(module, model.tensors(inputs), self._both)
        self._draws: Draws | None = None
        self._chosen: list[int] = []
        self._way = [_Step()]  # from the prompt to what is written now
        self._count = 0  # steps in the tree
        self._rows = Rows(self._passes, self._start, self._both, self.model.device)
        self._latest: tuple[_Step, torch.Tensor] | None = None  # a step, and its logits
        self._names: dict[int, tuple[str, bool]] = {}
        self._special = textless_ids(loaded.tokenizer)

    @staticmethod
    def _language(model: Model) -> tuple[str | None, int | None]:
        from attnviz.text import language_ids

        name = target_of(model.loaded, model.reading)
        return name, None if name is None else language_ids(model.loaded.tokenizer)[name]

    def __repr__(self) -> str:
        return f"Writer({self.model.card.name!r}, {len(self.prompt)} tokens and {len(self._chosen)} written)"

    @property
    def tokens(self) -> Tokens:
        """What was written; special tokens, such as the end of the text, included."""
        from attnviz.text import tokens_of_ids

        return tokens_of_ids(self.model.loaded.tokenizer, self._chosen)

    @property
    def text(self) -> str:
        """What was written, without special tokens."""
        return self.tokens.text

    @property
    def ids(self) -> tuple[int, ...]:
        """What was written, by number."""
        return tuple(self._chosen)

    @property
    def ended(self) -> bool:
        """Whether the model has written the end of the text."""
        return bool(self._chosen) and self._chosen[-1] in self._ends

    @property
    def _ends(self) -> set[int]:
        settings = getattr(self.model.loaded.module, "generation_config", None)
        ends = getattr(settings, "eos_token_id", None)
        if ends is None:
            ends = getattr(self.model.loaded.tokenizer, "eos_token_id", None)
        return set(ends if isinstance(ends, list | tuple) else [ends]) - {None}

    @property
    def room(self) -> int:
        """How many tokens the model has positions to write, those that it wrote included."""
        from attnviz.loading import position_limits

        module: Any = self.model.loaded.module
        limit = position_limits(module.config, self.model.card.max_tokens)[self._both]
        return max(0, limit - len(self._start) + 1) if limit else 10**9

    @property
    def steps(self) -> tuple[WrittenToken, ...]:
        """What was written, each token with what else it could have been."""
        return self.steps_from(0)

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """The likeliest twenty for the next token. Raises InputTooLong where none fits."""
        return self._candidates(self._next())

    @property
    def entropy(self) -> float:
        """Of the next token, over all tokens of the vocabulary, in nats. Raises InputTooLong."""
        return self._next().entropy

    def _candidates(self, known: Distribution) -> tuple[Candidate, ...]:
        return tuple(map(self._candidate, known.ids, known.before, known.after))

    def _candidate(self, number: int, before: float, after: float) -> Candidate:
        if number not in self._names:
            tokenizer = self.model.loaded.tokenizer
            piece, special = tokenizer.convert_ids_to_tokens(number) or "", number in self._special
            label = piece if special else tokenizer.decode([number])
            self._names[number] = (label or piece or f"#{number}", special)
        label, special = self._names[number]
        return Candidate(number, label, before, after, special)

    def step(self, token: int | str | None = None) -> WrittenToken:
        """Write one token; returns it with what else it could have been.

        Args:
            token: its number, or a text that is exactly one token; None lets the model choose, with temperature 0 the
                likeliest one, else by the draw that belongs to the seed and the place.

        Raises:
            InputInvalid: the text has ended, and no token is given. InputTooLong: the model has no position left.
            UnknownName: no such token. NumbersInvalid: the model computed NaN or infinity.
        """
        number = None if token is None else self._number(token)
        if number is None and self.ended:
            raise InputInvalid(
                say("The model has written the end of the text."),
                say("Go back (`back`), or give the token to go on with."),
            )
        place, known = len(self._chosen), self._next()
        if number is None:
            number = known.best if self.choosing.temperature == 0 else self._drawn(place)
        self._take(place, number)
        return self.steps_from(place)[0]

    def steps_from(self, first: int) -> tuple[WrittenToken, ...]:
        """The last of `steps`, from one on."""
        return tuple(self._record(n) for n in range(first, len(self._chosen)))

    def _record(self, place: int) -> WrittenToken:
        known = self._way[place].known
        assert known is not None
        token = self._candidate(self._chosen[place], *self._way[place + 1].led)
        return WrittenToken(token, self._candidates(known), known.entropy)

    def back(self, count: int = 1) -> None:
        """Take back the last tokens; what was read before them is kept. Raises UnknownName."""
        if not 0 <= checks.between("number of tokens to take back", count, 0, 10**9) <= len(self._chosen):
            raise UnknownName(say("number of tokens to take back"), count, (f"0 to {len(self._chosen)}",))
        self._keep(len(self._chosen) - count)

    def _keep(self, count: int) -> None:
        del self._chosen[count:], self._way[count + 1 :]

    def follow(self, tokens: Sequence[int], told: Callable[[float], None] | None = None) -> None:
        """Write these tokens in place of what was written; what was written here before is not read again.

        Args:
            tokens: numbers. told: is told the fraction that is done, between pieces; what it raises ends the work
                after a piece.

        Raises what `step` raises.
        """
        wanted = [self._number(int(token)) for token in tokens]
        common = common_length(self._chosen, wanted)
        self._keep(common)
        for number in wanted[common:]:
            here = self._way[-1]
            if here.known is None or not (number in here.after or number in here.known.ids):
                break
            self._take(len(self._chosen), number)
        while len(self._chosen) < len(wanted):
            start = len(self._chosen)
            piece = wanted[start : start + PIECE]
            self._check(start + len(piece) - 1)
            # Scores of all steps of the piece in one pass: it reads all of its tokens but the last.
            fed = [*self._start, *self._chosen, *piece[:-1]]
            scores = self._passes.logits(fed, len(piece))
            for n, number in enumerate(piece):
                self._learn(start + n, scores[n])
                self._take(start + n, number)
            if told is not None:
                told(len(self._chosen) / len(wanted))

    def capture(self) -> Capture:
        """The attention of everything that was written, put together from the steps: rows are those of one pass.

        `target_tokens` are the new tokens. Of an encoder-decoder, row i of "decoder" and "cross" predicts token i.
        What the capture holds is shared with this writer, which may go on. Raises ModelUnsupported, NumbersInvalid.
        """
        from attnviz.capture.provenance import of_model
        from attnviz.text import tokens_of_ids

        fed = [*self._start, *self._chosen]
        if self._both and self._chosen:
            fed.pop()  # nothing is predicted behind the last one
        self._passes.hold(fed)
        calls, target = self._passes.calls(len(fed)), self.tokens if self._chosen else None
        if self._both:
            read = tokens_of_ids(self.model.loaded.tokenizer, fed, special_ids=fed[:1])
            capture = self.model.of_calls(calls, self.prompt, target, read)
        else:
            items = self.prompt if target is None else joined(self.prompt, target)
            capture = replace(self.model.of_calls(calls, items), target_tokens=target)
        loaded, drawn = self.model.loaded, self.choosing.temperature > 0
        about = (loaded.card, loaded.dtype, loaded.device, loaded.digest)
        lines = (f"writer = {self._made}", f"writer.follow({self._chosen})", "capture = writer.capture()")
        seed = self.choosing.seed if drawn else None
        return replace(capture, made=lambda: of_model(*about).then(*lines, seed=seed))

    def rows(self, place: int, kind: Kind | None = None) -> Annotated[FloatArray, "L H K"]:
        """The attention that led to the token number `place` (from 0): of every head the row that predicts it.

        Of a decoder that is the row of the token before it; of an encoder-decoder, row `place` of "decoder" or "cross",
        "cross" by default. `place` may be that of the token to come. Raises UnknownName, and what `step` raises.
        """
        kinds: tuple[Kind, ...] = ("cross", "decoder") if self._both else ("self",)
        kind = kind or kinds[0]
        if kind not in kinds:
            raise UnknownName(say("kind of attention"), kind, kinds)
        checks.between("step", place, 0, len(self._chosen))
        self._check(place)
        return self._rows.row(self._chosen[:place], kind)

    def read_of(self, first: int, last: int, count: int) -> Annotated[FloatArray, "n L H P"]:
        """What the rows that led to the first `count` tokens gave to the prompt's tokens from `first` to before `last`.

        As `rows`, of all steps at once. Raises UnknownName and what `step` raises.
        """
        checks.between("number of tokens", count, 1, max(1, len(self._chosen)))
        checks.between("place in the prompt", first, 0, len(self.prompt) - 1)
        checks.between("end in the prompt", last, first + 1, len(self.prompt))
        return self._rows.of_prompt(self._chosen[: count - 1], first, last, count)

    @property
    def nbytes(self) -> int:
        """Bytes that are kept for the steps to come."""
        return self._passes.nbytes + self._rows.nbytes

    def _number(self, token: int | str) -> int:
        module: Any = self.model.loaded.module
        size = int(module.get_output_embeddings().weight.shape[0])
        if isinstance(token, str):
            ids = self.model.loaded.tokenizer.encode(token, add_special_tokens=False)
            if len(ids) != 1:
                raise UnknownName(say("single token"), token, [f"0 to {size - 1}, its number"])
            return int(ids[0])
        if isinstance(token, bool) or not 0 <= int(token) < size:
            raise UnknownName(say("token"), token, (f"0 to {size - 1}",))
        return int(token)

    def _check(self, written: int) -> None:
        """Whether the model has positions for what is read to write behind so many tokens."""
        length = len(self._start) + written
        check_length(self.model.loaded, length, target=self._both)

    def _next(self) -> Distribution:
        place = len(self._chosen)
        if self._way[place].known is None:
            self._check(place)
            self._learn(place, self._passes.logits([*self._start, *self._chosen], 1)[0])
        known = self._way[place].known
        assert known is not None
        return known

    def _learn(self, place: int, logits: torch.Tensor) -> None:
        if not bool(logits.amax().isfinite()):
            raise NumbersInvalid(
                say("The scores of the next token"), str(logits.dtype).removeprefix("torch.")
            )
        found = distribution(logits, self.choosing, self._rules, place)
        self._way[place].known = replace(found, whole=None)  # a number for each token of the vocabulary
        self._latest = (self._way[place], logits)

    def _logits(self, place: int) -> torch.Tensor:
        """The scores of a step, computed again where they are not the latest."""
        if self._latest is None or self._latest[0] is not self._way[place]:
            fed = [*self._start, *self._chosen[:place]]
            self._latest = (self._way[place], self._passes.logits(fed, 1)[0])
        return self._latest[1]

    def _drawn(self, place: int) -> int:
        logits = self._logits(place)
        known = distribution(logits, self.choosing, self._rules, place)
        assert known.whole is not None
        if self._draws is None:
            self._draws = Draws(self.choosing.seed, logits.device, len(logits))
        return self._draws.draw(known.whole, place)

    def _take(self, place: int, number: int) -> None:
        here = self._way[place]
        assert here.known is not None
        if number not in here.after:
            here.after[number] = _Step(led=self._probability(here.known, place, number))
            self._count += 1
        if self._latest is not None and self._latest[0] is here:
            self._latest = None
        self._chosen.append(number)
        self._way.append(here.after[number])
        if self._count > MOST_STEPS:
            self._forget()

    def _probability(self, known: Distribution, place: int, number: int) -> tuple[float, float]:
        if number in known.ids:
            at = known.ids.index(number)
            return known.before[at], known.after[at]
        logits = self._logits(place).float()
        whole = distribution(logits, self.choosing, self._rules, place).whole
        after = float(number == known.best) if whole is None else float(whole[number])
        return float(logits.softmax(-1)[number]), after

    def _forget(self) -> None:
        """Keep of the tree the way to what is written now."""
        for here, number, there in zip(self._way, self._chosen, self._way[1:], strict=False):
            here.after = {number: there}
        self._way[-1].after = {}
        self._count = len(self._chosen)
