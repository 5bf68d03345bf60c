"""What is known of a token that a model wrote: what else it could have been, and how sure the model was."""

from __future__ import annotations

from dataclasses import dataclass

from attnviz.types.record import Record


@dataclass(frozen=True, repr=False)
class Candidate(Record):
    """A token that could come next.

    Attributes:
        id, label: its number, and its text (the piece, where it stands for no text of its own).
        probability: what the model gives it. after: what is left of that after temperature, top-k and top-p; 0 where
            it was cut. With temperature 0 the likeliest token has it all.
        special: whether it stands for no text (the end of the text, for one).
    """

    id: int
    label: str
    probability: float
    after: float
    special: bool = False


@dataclass(frozen=True, repr=False)
class WrittenToken(Record):
    """A token that was written, and the step that wrote it.

    Attributes:
        token: itself. candidates: the likeliest twenty at this step, the likeliest first.
        entropy: of the model's probabilities of all tokens, before temperature and cuts; in nats.
    """

    token: Candidate
    candidates: tuple[Candidate, ...]
    entropy: float
