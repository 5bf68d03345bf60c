"""The sentence of the ablation page, and the one that the engine's numbers make."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from attnviz.capture import Model
from attnviz.runtime import Query


def told(page: Page, sentence: str) -> None:
    expect(page.locator(".st-key-switched strong")).to_have_text(sentence)


def effect(model: Model, pair: Query, **chosen) -> str:
    """The end of the sentence for these heads or layers, from the engine."""
    from attnviz.explanation import ablate

    found = ablate(model, pair.text, target="similarity", pair=pair.pair, **{"heads": (), **chosen})
    verb = "falls" if found.after < found.before else "rises"
    return f"the similarity {verb} from {found.before:.3f} to {found.after:.3f}."
