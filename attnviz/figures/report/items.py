"""What a report is made of: a pinned figure with everything that a reader needs to judge it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from attnviz.figures.export import heatmap_message
from attnviz.figures.messages.words import explanation_data
from attnviz.types import Tokens

if TYPE_CHECKING:
    from attnviz.capture import Capture
    from attnviz.explanation import Agreement, Faithfulness
    from attnviz.types import Attribution, Kind, ModelCard

PIN_BYTES = 2 << 20  # of maps in one pinned figure: all heads of 80 tokens, a layer's of 200

Pairs = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Explained:
    """An explanation, its test, and how it agrees with others; None where that was not made."""

    attribution: Attribution
    test: Faithfulness | None = None
    agreement: Agreement | None = None


@dataclass(frozen=True)
class Item:
    """One pinned figure. All its texts may be anybody's.

    Attributes:
        figure: a name of `attnviz.figures.component`. message: what its `*_data` function made.
        title: a headline. note: what the reader writes under it.
        texts: (name, text) of the texts that it is about. cards: of the models.
        settings: (name, value), how it was made, in words; of an explanation, what its record does not hold.
        explained: the explanation that it shows, if it shows one.
        link: the address that opens it again, whole or relative to the app's; "" where there is none, then
            `unlinked` says why. made: when it was pinned.
    """

    figure: str
    message: bytes
    title: str
    note: str = ""
    texts: Pairs = ()
    cards: tuple[ModelCard, ...] = ()
    settings: Pairs = ()
    explained: Explained | None = None
    link: str = ""
    unlinked: str = ""
    made: datetime | None = None

    @property
    def nbytes(self) -> int:
        """Bytes, roughly."""
        texts = sum(len(text) for _, text in self.texts)
        explained = 0 if self.explained is None else self.explained.attribution.nbytes
        return len(self.message) + 4 * texts + explained


def of_explanation(
    card: ModelCard,
    attribution: Attribution,
    test: Faithfulness | None = None,
    agreement: Agreement | None = None,
    *,
    title: str = "",
    note: str = "",
) -> Item:
    """The item of an attribution and its test: what `attnviz.explain` and `attnviz.faithfulness` returned.

    `agreement`: of `attnviz.explanation.evaluation.agreement.agreement`, if it was compared with others.
    """
    texts = [("Text", attribution.tokens.text)]
    pair = attribution.second_text
    texts += [("Second text", pair)] if pair else []
    return Item(
        "words",
        explanation_data(attribution, model=card.name),
        title or f"Why {card.name} said so",
        note,
        tuple(texts),
        (card,),
        explained=Explained(attribution, test, agreement),
    )


def of_head(
    capture: Capture, layer: int, head: int, *, kind: Kind | None = None, title: str = "", note: str = ""
) -> Item:
    """The item of one head's attention map; other heads come along as far as `PIN_BYTES` go. Raises UnknownName."""
    what = {"token": "Text", "patch": "Picture", "frame": "Sound"}[capture.tokens.unit]
    texts = [(what, capture.tokens.description)]
    pair = capture.tokens.pair if isinstance(capture.tokens, Tokens) else None
    texts += [("Second text", pair)] if pair else []
    return Item(
        "heatmap",
        heatmap_message(capture, layer, head, kind=kind, most=PIN_BYTES),
        title or f"Attention of layer {layer}, head {head}",
        note,
        tuple(texts),
        (capture.card,),
        (("Layer", str(layer)), ("Head", str(head)), ("Attention", kind or capture.kinds[0])),
    )
