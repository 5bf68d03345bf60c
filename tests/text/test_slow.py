"""Tokenizers in Python, which report no offsets: the offsets of pieces are found in the text."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from checks import check, own_labels, own_spans
from zoo import CORPUS, SPECIALS, texts, tokenizer

from attnviz.text import encode, tokenize, tokens_of_ids
from attnviz.text.offsets import find_offsets

pytestmark = pytest.mark.filterwarnings("ignore:Recommended. pip install sacremoses")


@pytest.fixture(scope="module")
def marian(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A MarianTokenizer with two SentencePiece models, trained here; the second one knows only capitals."""
    import sentencepiece
    from transformers import MarianTokenizer

    folder = tmp_path_factory.mktemp("marian")
    vocabulary = {name: number for number, name in enumerate(["</s>", "<unk>", "<pad>"])}
    for name, corpus in (("source", CORPUS), ("target", [line.upper() for line in CORPUS])):
        model = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(corpus), model_writer=model, vocab_size=150, hard_vocab_limit=False,
            character_coverage=0.98, minloglevel=2,
        )  # fmt: skip
        (folder / f"{name}.spm").write_bytes(model.getvalue())
        pieces = sentencepiece.SentencePieceProcessor(model_proto=model.getvalue())
        for number in range(pieces.get_piece_size()):
            vocabulary.setdefault(pieces.id_to_piece(number), len(vocabulary))
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    files = [str(folder / file) for file in ("source.spm", "target.spm", "vocab.json")]
    return MarianTokenizer(*files, source_lang="en", target_lang="fr")


@pytest.fixture(scope="module")
def esm(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Protein letters: a vocabulary that only works through its list of tokens that are never split."""
    from transformers import EsmTokenizer

    path = tmp_path_factory.mktemp("esm") / "vocab.txt"
    path.write_text("\n".join(["<cls>", "<pad>", "<eos>", "<unk>", *"LAGVSERTIDPKQNFYMHWC", "<mask>"]))
    return EsmTokenizer(str(path))


@pytest.fixture(scope="module")
def ctrl(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """BPE with @@ on the pieces of a word that goes on."""
    from transformers import CTRLTokenizer

    folder = tmp_path_factory.mktemp("ctrl")
    letters = sorted({c for line in CORPUS for c in line if not c.isspace()})
    vocabulary = [*SPECIALS, "the", "th@@", *letters, *(c + "@@" for c in letters)]
    (folder / "vocab.json").write_text(json.dumps({piece: k for k, piece in enumerate(vocabulary)}))
    (folder / "merges.txt").write_text("#version: 0.2\nt h\nth e</w>\n")
    return CTRLTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))


@pytest.mark.parametrize("kind", ["marian", "legacy_bert", "esm", "ctrl"])
def test_labels_give_every_text_back(kind: str, request: pytest.FixtureRequest) -> None:
    given = request.getfixturevalue(kind)
    for text in texts(1000).values():
        check(tokenize(given, text))
    tokens = tokenize(given, "a b", "c")
    check(tokens, 0)
    check(tokens, 1)


def test_offsets_of_python_wordpieces_are_those_that_the_fast_ones_report(legacy_bert: Any) -> None:
    for key, text in texts(1000).items():
        slow, fast = tokenize(legacy_bert, text), tokenize(tokenizer("minilm"), text)
        if slow.pieces == fast.pieces and key != "typed":
            assert own_spans(slow) == own_spans(fast), key
    assert tokenize(legacy_bert, "a[SEP]b").pieces == ("[CLS]", "a", "[", "sep", "]", "b", "[SEP]")


def test_unknown_pieces_take_what_lies_between_their_neighbours(legacy_bert: Any) -> None:
    tokens = tokenize(legacy_bert, "xaz\u4e27 ab a 喜 猫 the")
    unknown = [label for label, piece in zip(tokens.labels, tokens.pieces, strict=True) if piece == "[UNK]"]
    assert [label.strip() for label in unknown][-2:] == ["喜", "猫"]
    assert tokens.labels[-2] == " the"


def test_sentencepiece_in_python(marian: Any) -> None:
    tokens, inputs = encode(marian, "The cat  sat on the mat. 猫")
    assert inputs == dict(marian("The cat  sat on the mat. 猫"))
    for piece, (start, end) in zip(tokens.pieces, tokens.spans, strict=True):
        if piece not in ("</s>", "<unk>", "▁"):
            assert tokens.text[start:end] == piece.replace("▁", "")
    assert tokens.special.tolist() == [False] * (len(tokens) - 1) + [True]


def test_the_target_of_a_translation_is_read_by_the_target_side(marian: Any) -> None:
    text = "THE CAT SAT"
    tokens, inputs = encode(marian, text, target=True)
    assert inputs["input_ids"] == marian(text_target=text)["input_ids"]
    assert inputs["input_ids"] != encode(marian, text)[1]["input_ids"]
    assert marian.current_spm is marian.spm_source
    check(tokens)
    assert tokens_of_ids(marian, tokens.ids).text == text


def test_tokens_that_only_their_list_can_split(esm: Any) -> None:
    tokens = tokenize(esm, "MKT")
    assert tokens.pieces == ("<cls>", "M", "K", "T", "<eos>")
    assert own_spans(tokens) == [(0, 1), (1, 2), (2, 3)]


def test_pieces_that_go_on(ctrl: Any) -> None:
    tokens = tokenize(ctrl, "the cat")
    assert tokens.pieces == ("the", "c@@", "a@@", "t")
    assert own_labels(tokens) == ["the", " c", "a", "t"]


@pytest.mark.parametrize(
    ("text", "pieces", "unknown", "expected"),
    [
        ("Ab cd", ["ab", "c", "##d"], set(), [(0, 2), (3, 4), (4, 5)]),
        ("ﬁne", ["fi", "ne"], set(), [(0, 1), (1, 3)]),
        ("xaz a", ["[UNK]", "a"], {0}, [(0, 3), (4, 5)]),
        ("xaz yy az ##", ["[UNK]", "[UNK]", "a", "##z", "#", "#"], {0, 1}, None),
        ("abcd", ["ab", "zz"], set(), [(0, 2), (2, 4)]),
        ("abc", [], set(), []),
        ("", ["▁"], set(), [(0, 0)]),
    ],
)
def test_offsets_are_found(text: str, pieces: list[str], unknown: set[int], expected: list | None) -> None:
    found = find_offsets(text, pieces, unknown)
    assert len(found) == len(pieces)
    if expected is None:
        assert found[:4] == [(0, 3), (4, 6), (7, 8), (8, 9)]
    else:
        assert found == expected
