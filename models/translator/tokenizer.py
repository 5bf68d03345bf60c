"""The translator's tokenizer: a vocabulary of whole words of both languages; a word that it lacks is no word."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

PAD, END, UNKNOWN = "<pad>", "</s>", "<unk>"
TAGS = {"fr": ">>fr<<", "en": ">>en<<"}  # a text begins with the tag of the language that is wanted
SPECIAL = (PAD, END, UNKNOWN, *TAGS.values())
LONGEST = 64  # tokens
# "l'", "j'" and "qu'" are words of their own, and so is "'s".
WORDS = r"'s\b|\w+'(?!s\b)|\w+|[^\w\s]"


def tokenizer(words: Iterable[str]) -> PreTrainedTokenizerFast:
    """A tokenizer of these words."""
    from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: number for number, word in enumerate((*SPECIAL, *sorted(set(words))))}
    built = Tokenizer(models.WordLevel(vocabulary, unk_token=UNKNOWN))
    built.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Replace("’", "'")])
    built.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Split(Regex(WORDS), "isolated")]
    )
    built.post_processor = processors.TemplateProcessing(
        single=f"$A {END}", pair=f"$A {END} $B {END}", special_tokens=[(END, vocabulary[END])]
    )
    joined = [decoders.WordPiece(prefix=UNKNOWN, cleanup=False), decoders.Fuse()]
    tight = [decoders.Replace(loose, close) for loose, close in ((" 's", "'s"), ("' ", "'"), (" .", "."))]
    built.decoder = decoders.Sequence([*joined, *tight])
    return PreTrainedTokenizerFast(
        tokenizer_object=built, pad_token=PAD, eos_token=END, unk_token=UNKNOWN,
        additional_special_tokens=list(TAGS.values()), model_max_length=LONGEST,
        clean_up_tokenization_spaces=False, model_input_names=["input_ids", "attention_mask"],
        target_language="fr", refuse_unknown=True,
    )  # fmt: skip
