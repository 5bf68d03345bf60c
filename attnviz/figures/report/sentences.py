"""What a report says of each pinned figure in plain words, from the records and messages that the figure is drawn from.

Sentences, and rows of (name, value); their texts may be anybody's and are escaped where they become markup.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np

from attnviz.explanation.evaluation import verdict
from attnviz.figures.export import LOOKED
from attnviz.figures.wire import unpack
from attnviz.text import decimals
from attnviz.types import VERSION

if TYPE_CHECKING:
    from attnviz.explanation import Faithfulness, MethodInfo, TargetInfo
    from attnviz.figures.report.items import Explained, Item
    from attnviz.types import ModelCard

Rows = tuple[tuple[str, str], ...]

STRONGEST = 3  # links that are named
UNTESTED = "Nobody has tested whether these words matter: no test of this explanation was made."
ONE_MODEL = (
    "An explanation speaks of this model on this text. It does not show that the result is right, nor what people "
    "would go by."
)
# What figures that are no explanations show: a title and a sentence.
MEANS = {
    "heatmap": (
        "Map of attention",
        "Each row is a part of the text that looks, each column one that is looked at: the stronger the colour, the "
        "more. A row of attention weights adds up to 1.",
    ),
    "heads": (
        "All heads",
        "Each small picture is the attention map of one head: layers go down, heads go across.",
    ),
    "pairs": (
        "Two texts, word by word",
        "A line for each pair of words, as wide as its share: all shares together are the similarity of the texts.",
    ),
    "panes": (
        "Attention side by side",
        "The maps of heads on one scale, and the difference of two of them over the tokens that they share.",
    ),
    "allocation": (
        "Where attention goes",
        "The shares of attention by kind of token, text or distance, beside those of looking evenly at everything.",
    ),
    "likeness": (
        "How alike all heads are",
        "The distance of the attention of each two heads (Jensen–Shannon): 0 the same, 1 no token in common.",
    ),
    "switches": (
        "A change inside the model",
        "The same text is read again with heads of attention switched off, scaled, frozen or told where to look; the "
        "result and the predictions before and after. The grid says how far the result falls without each head.",
    ),
    "patches": (
        "A picture, patch by patch",
        "What is shown lies over the picture in patches, as the model cuts it: where one of them looks, which are like "
        "it, or which of them made a label.",
    ),
    "frame": (
        "BertViz’s own drawing",
        "A line for each attention weight, from the token that looks to the one that is looked at: the more opaque, "
        "the larger the weight (Vig 2019).",
    ),
    "results": ("What was found", "The numbers were computed by the model on this text."),
    "alignment": (
        "A translation, word by word",
        "A line from each word of the translation to the words of the source that it was read from: the stronger, the "
        "more of its attention.",
    ),
    "beams": (
        "How the translation was searched for",
        "Each branch is a way to begin the translation, with its score; those given up end where they were left.",
    ),
    "errors": (
        "Which heads align, against gold",
        "The alignment error rate of each head, over sentences whose links are known: 0 is perfect.",
    ),
    "why": (
        "Why a head looks there",
        "A score of attention as a sum of what earlier heads, feed-forward layers and embeddings wrote at both tokens, "
        "each with its sign; and where the strongest parts come from themselves.",
    ),
    "writing": (
        "A text as the model wrote it",
        "Each token was chosen among others; the underline is stronger where the model was less sure (its entropy).",
    ),
    "edits": ("Words changed", "The text is read again with words changed; the result before and after."),
}
LIBRARIES = ("torch", "transformers", "captum", "numpy")


def findings(item: Item) -> tuple[str, ...]:
    """What the figure shows, in sentences with its numbers; the test first, where there is one."""
    if item.explained is not None:
        return tuple(_explanation(item.explained))
    led_to = results(item)
    if led_to is not None:
        return (led_to["sentence"],)
    found = {"heatmap": _links, "allocation": _shares}.get(item.figure)
    return (found(*unpack(item.message)),) if found is not None else ()


def results(item: Item) -> dict[str, Any] | None:
    """What a change led to (see `attnviz.figures.Results`), of a figure that shows one."""
    return unpack(item.message)[0].get("results")


def _explanation(explained: Explained) -> Iterator[str]:
    test = explained.test
    if test is None:
        yield UNTESTED
    else:
        yield verdict.headline(test)
        named = ", ".join(f"“{word}”" for word in test.words)
        yield f"The words: {named}. {verdict.conditions(test)}"
    yield verdict.sum_check(explained.attribution)


def _links(header: dict[str, Any], arrays: dict[str, Any]) -> str:
    """The strongest links of the shown map between units that are not special tokens."""
    place = [header["layer"], header["head"]]
    if place not in header["at"]:
        return ""
    weights = np.array(arrays["maps"][header["at"].index(place)], np.float64)
    weights[np.array(header["querySpecial"], bool), :] = 0
    weights[:, np.array(header["keySpecial"], bool)] = 0
    order = np.argsort(-np.abs(weights), axis=None, kind="stable")[:STRONGEST]
    pairs = [np.unravel_index(n, weights.shape) for n in order]
    named = "; ".join(
        f"“{header['queries'][q]}” → “{header['keys'][k]}” {weights[q, k]:.3f}"
        for q, k in pairs
        if weights[q, k] != 0
    )
    pool = header["pool"]
    where = pool["words"].format(layer=place[0]) if pool else f"layer {place[0]}, head {place[1]}"
    aside = f"({where}, {header['quantity']})"
    return f"The strongest links between {header['unit']}s, special tokens aside {aside}: {named}."


def _shares(header: dict[str, Any], arrays: dict[str, Any]) -> str:
    """Where the attention of all heads goes on average, beside an even spread."""
    mean, even = arrays["shares"].mean((0, 1))[0], arrays["even"][0]
    parts = "; ".join(
        f"{title} {share:.1%} ({other:.1%})"
        for title, share, other in zip(header["titles"], mean, even, strict=True)
        if share >= 0.0005
    )
    return f"Mean over all heads, in brackets if every token looked evenly: {parts}."


def settings(item: Item) -> Rows:
    """How the figure was made, in words."""
    if item.explained is None:
        return item.settings
    attribution, test = item.explained.attribution, item.explained.test
    target, method = infos(item.explained)
    rows = [
        ("Result that is explained", target.title if target else attribution.target),
        *(option(name, value) for name, value in attribution.options),
        ("Method", method.title if method else attribution.method),
    ]
    if attribution.note:
        rows.append(("Note of the method", attribution.note))
    if test is not None:
        rows += [
            ("Words are taken away", f"they are {test.operator_title}"),
            ("Tested text", "the second text" if test.side else "the text"),
            ("Random orders", f"{len(test.seeds)}, seeds {_said(test.seeds)}"),
        ]
    return (*rows, *item.settings)


def option(name: str, value: Any) -> tuple[str, str]:
    """An option of a target, or of how its text was read, as a setting: what it is and its value."""
    if name == "special":
        read = (
            "as the chat template writes them"
            if value == "only"
            else "their names in the text are read as such"
        )
        return "Special tokens", read
    return name.replace("_", " ").capitalize(), _said(value)


def _said(value: Any) -> str:
    if isinstance(value, tuple | list):
        return ", ".join(str(each) for each in value)
    return "all of it" if value is None else str(value)


def infos(explained: Explained) -> tuple[TargetInfo | None, MethodInfo | None]:
    """What target and method say of themselves, where they are registered."""
    from attnviz.explanation import methods, targets

    attribution = explained.attribution
    target = next((each for each in targets() if each.name == attribution.target), None)
    return target, next((each for each in methods() if each.name == attribution.method), None)


def unit(item: Item) -> str:
    """Of the result that is explained."""
    target = infos(item.explained)[0] if item.explained is not None else None
    return target.unit if target is not None else ""


def means(item: Item) -> Rows:
    """What the method does and how its scores are read: (name, sentences)."""
    if item.explained is None:
        return (MEANS[item.figure],) if item.figure in MEANS else ()
    target, method = infos(item.explained)
    rows = []
    if method is not None:
        rows.append((method.title, f"{method.description} Source: {method.source}."))
    if target is not None:
        rows.append((target.title, target.description))
    return tuple(rows)


def caveats(item: Item) -> tuple[str, ...]:
    """What the figure does not show."""
    if item.explained is None:
        note = (results(item) or {}).get("note")
        return (note or LOOKED,)
    target, method = infos(item.explained)
    said = [each.caveat for each in (method, target) if each is not None and each.caveat]
    if method is not None and "attention" in method.needs:
        said.insert(0, LOOKED)
    return (*said, ONE_MODEL)


def badges(item: Item) -> tuple[verdict.Badge, ...]:
    """The verdict on an explanation, as far as it was tested."""
    from attnviz.explanation import methods

    explained = item.explained
    if explained is None:
        return ()
    found = verdict.badges(explained.test, explained.attribution) if explained.test is not None else ()
    if explained.agreement is None:
        return found
    titles = {info.name: info.title for info in methods()}
    return (*found, *verdict.agreement_badges(explained.agreement, titles))


def numbers(test: Faithfulness) -> tuple[tuple[str, str, str], ...]:
    """The test as rows: what, of this explanation, of random orders (mean and spread, see `verdict.chance`)."""
    count = len(test.words)
    first = "the word named first" if count == 1 else f"the {count} words named first"
    return (
        ("Result with all words", decimals(test.value), ""),
        (
            f"Result without {first}",
            decimals(test.without_words),
            verdict.beside_chance(test.without_random_words, test),
        ),
        (
            "Comprehensiveness (higher is better)",
            decimals(test.comprehensiveness),
            verdict.beside_chance(test.random_comprehensiveness, test),
        ),
        (
            "Sufficiency (lower is better)",
            decimals(test.sufficiency),
            verdict.beside_chance(test.random_sufficiency, test),
        ),
        (
            "Mean result, first words taken away",
            decimals(test.removed_area),
            verdict.beside_chance(test.random_removed.mean(1), test),
        ),
        (
            "Mean result, first words alone",
            decimals(test.kept_area),
            verdict.beside_chance(test.random_kept.mean(1), test),
        ),
    )


def model(card: ModelCard) -> Rows:
    """The model as its card has it."""
    kind = f"{card.family}, {card.kind}, {card.layers} layers of {card.heads} heads, width {card.width}"
    rows = (
        ("Name", card.name),
        ("Source", card.source),
        ("Revision or digest", card.revision or "not known"),
        ("Family", kind),
        ("Parameters", f"{card.parameters:,}" if card.parameters else "not known"),
        ("Longest text", f"{card.max_tokens:,} tokens" if card.max_tokens else "no limit of its own"),
        ("Licence", card.license or "not stated"),
        ("Notes", card.notes),
    )
    return tuple((name, value) for name, value in rows if value)


def versions() -> Rows:
    """What made the numbers, as it is installed."""
    found = [("attnviz", VERSION)]
    for name in LIBRARIES:
        try:
            found.append((name, metadata.version(name)))
        except metadata.PackageNotFoundError:
            continue
    return tuple(found)
