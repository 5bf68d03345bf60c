"""The terms of the field, each with its sentence: one glossary for every page."""

from __future__ import annotations

TERMS = {
    "attention": "How much a token takes from each token of the text: the weights of one row add up to 1.",
    "layer": "One of the model's steps, counted from 0: layer 0 reads the text, the last one writes the result.",
    "head": "One of the attention maps that a layer makes side by side, counted from 0.",
    "\\[CLS\\]": "A token that the model puts before the text; where there is nothing to add, heads often rest there.",
    "special token": "A token that is not of your text: its beginning or end, as the model was trained to see it.",
    "value-weighted": "Each weight times the length of what it carries: a large weight on a short value moves little.",
    "entropy": "How widely a head spreads its attention: 0 nats on one token, more the more tokens share it.",
    "induction": "Looking at what came after an earlier occurrence of the token: how models continue a repetition.",
    "logit": "The model's score of an answer before scores become probabilities.",
}
