"""The terms of the field, each with its sentence: one glossary for every page, statistics of heads among them.

A word of a page that has one says which by the attribute `data-term`; `shell/terms.js` shows the sentence there.
"""

from __future__ import annotations

import html
from dataclasses import dataclass


@dataclass(frozen=True)
class Term:
    """A term as it stands in a heading, and one sentence that explains it, both plain text."""

    title: str
    meaning: str


TERMS: dict[str, Term] = {
    "attention": Term(
        "Attention weight",
        "How much a token takes from each token of the text: the weights of one row add up to 1.",
    ),
    "layer": Term(
        "Layer",
        "One of the model's steps, counted from 0: layer 0 reads the text, the last one writes the result.",
    ),
    "head": Term(
        "Head",
        "One of the attention maps that a layer makes side by side, counted from 0.",
    ),
    "cls": Term(
        "[CLS]",
        "A token that the model puts before the text; where there is nothing to add, heads often rest there.",
    ),
    "special-token": Term(
        "Special token",
        "A token that is not of your text: its beginning or end, as the model was trained to see it.",
    ),
    "unknown": Term(
        "Unknown token",
        "Text for which the vocabulary has no word: all of it is the same to the model. Dots underline it.",
    ),
    "value-weighted": Term(
        "Value-weighted",
        "Each weight times the length of what it carries: a large weight on a short value moves little.",
    ),
    "query": Term("Query, q", "The vector of the token that looks: what it looks for."),
    "key": Term("Key, k", "The vector of a token that is looked at: what it is found by."),
    "product": Term(
        "Product, q ∘ k", "Query times key, number by number: where the two agree, and where not."
    ),
    "score": Term(
        "Score",
        "The sum of the product, scaled and masked: the logit of a weight, before the softmax.",
    ),
    "softmax": Term("Softmax", "Makes shares of scores: exp(score) over the sum of exp(score) of all keys."),
    "logit": Term("Logit", "The model's score of an answer before scores become probabilities."),
    "output": Term(
        "Part of the output",
        "What the head contributes to what its attention block writes, mean over the tokens; all heads of a layer and "
        "the bias of W_O add up to 100%.",
    ),
    "entropy": Term(
        "Entropy",
        "The spread of attention: 0 when each token looks at one token only, ln n when evenly at n tokens.",
    ),
    "distance": Term("Distance", "How many tokens away the attention goes, on average."),
    "first": Term("To first token", "Share of attention on the first token, often a resting place."),
    "self": Term("To itself", "Share of attention that tokens pay to themselves."),
    "previous": Term("To previous token", "Share of attention on the token just before."),
    "next": Term("To next token", "Share of attention on the token just after."),
    "induction": Term(
        "Induction",
        "Share on the token that followed an earlier copy of this one: how models continue a repetition.",
    ),
    "special": Term("To special tokens", "Share of attention on tokens that the tokenizer added."),
}


def term(name: str) -> Term:
    """The term of this name, a statistic for one; its own name where there is none."""
    return TERMS.get(name, Term(name.replace("_", " ").capitalize(), ""))


def button(name: str) -> str:
    """The title of a term as HTML: a button that shows the sentence."""
    title = html.escape(term(name).title)
    if name not in TERMS:
        return title
    return f'<button data-term="{name}">{title}</button>'
