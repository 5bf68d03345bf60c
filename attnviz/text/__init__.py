"""Tokens of any tokenizer, as a person reads them: exact spans, labels, words, sentences, paragraphs, display forms.

Nothing here imports torch, or transformers when it is imported itself.
"""

from attnviz.text.chat import chat_text, encode_chat, has_chat
from attnviz.text.continuing import continue_ids
from attnviz.text.decoding import tokens_of_ids
from attnviz.text.display import visible
from attnviz.text.encoding import check_vocabulary, encode, tokenize
from attnviz.text.grouping import GRANULARITIES, groups
from attnviz.text.labels import CONTINUATION, clean
from attnviz.text.languages import checked_language, language_ids, languages, tag_ids
from attnviz.text.numbers import decimals, signed_decimals
from attnviz.text.special import special_names, unknown_pieces, unknown_tokens
from attnviz.text.words import paragraph_spans, sentence_spans, word_spans

__all__ = [
    "CONTINUATION",
    "GRANULARITIES",
    "chat_text",
    "check_vocabulary",
    "checked_language",
    "clean",
    "continue_ids",
    "decimals",
    "encode",
    "encode_chat",
    "groups",
    "has_chat",
    "language_ids",
    "languages",
    "paragraph_spans",
    "sentence_spans",
    "signed_decimals",
    "special_names",
    "tag_ids",
    "tokenize",
    "tokens_of_ids",
    "unknown_pieces",
    "unknown_tokens",
    "visible",
    "word_spans",
]
