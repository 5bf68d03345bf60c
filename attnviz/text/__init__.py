"""Tokens of any tokenizer, as a person reads them: exact spans, labels, words, sentences, paragraphs, display forms.

A text and a transformers tokenizer flow in, frozen `Tokens` and the lists that the model is fed flow out.
Nothing here imports torch, or transformers when it is imported itself.
"""

from attnviz.text.decoding import tokens_of_ids
from attnviz.text.display import visible
from attnviz.text.encoding import encode, tokenize
from attnviz.text.grouping import GRANULARITIES, groups
from attnviz.text.labels import CONTINUATION, clean
from attnviz.text.numbers import decimals, signed_decimals
from attnviz.text.words import paragraph_spans, sentence_spans, word_spans

__all__ = [
    "CONTINUATION",
    "GRANULARITIES",
    "clean",
    "decimals",
    "encode",
    "groups",
    "paragraph_spans",
    "sentence_spans",
    "signed_decimals",
    "tokenize",
    "tokens_of_ids",
    "visible",
    "word_spans",
]
