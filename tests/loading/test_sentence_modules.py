"""Vectors of texts against the package sentence-transformers itself, for every kind of module; the rest is refused."""

import json
from dataclasses import replace

import numpy as np
import pytest
import torch
from sentence_transformers import SentenceTransformer
from sentence_transformers.base.modules import Dense, Normalize, Transformer
from sentence_transformers.sentence_transformer.modules import Dropout, LayerNorm, Pooling

from attnviz.errors import ModelUnsupported
from attnviz.loading import load
from attnviz.loading.pooling import Pooling as Own

TEXTS = ("The Cat sat on the mat.", "A dog ran to the cat")
WIDTH = 16
BEHIND = {
    "mean": (["mean"], []),
    "cls": (["cls"], [Normalize]),
    "max": (["max"], []),
    "lasttoken": (["lasttoken"], []),
    "weightedmean": (["weightedmean"], [Normalize]),
    "square root": (["mean_sqrt_len_tokens"], []),
    "several": (["cls", "max", "mean", "mean_sqrt_len_tokens"], [Normalize]),
    "dense": (["mean"], [lambda: Dense(WIDTH, 8)]),
    "dense, linear": (["mean"], [lambda: Dense(WIDTH, 8, bias=False, activation_function=None), Normalize]),
    "dense, twice": (["cls", "mean"], [
        Normalize, lambda: Dense(2 * WIDTH, 8, activation_function=torch.nn.GELU()),
        lambda: Dense(8, 8, use_residual=True), lambda: Dropout(0.5),
    ]),
    "dense, residual": (["mean"], [lambda: Dense(WIDTH, 5, use_residual=True), Normalize]),
}  # fmt: skip


def build(bert, directory, modes, behind=(), **options):
    """A sentence-transformers model on disk."""
    torch.manual_seed(1)
    parts = [
        Transformer(str(bert), **options),
        Pooling(WIDTH * 1, pooling_mode=modes),
        *(make() for make in behind),
    ]
    SentenceTransformer(modules=parts, device="cpu").save(str(directory))
    return directory


def vectors(loaded):
    """What each text becomes here."""
    made = []
    for text in TEXTS:
        inputs = loaded.tokenizer(text, return_tensors="pt")
        with torch.no_grad():
            hidden = loaded.module(**inputs).last_hidden_state
            made.append(loaded.pooling.vector(hidden, inputs["attention_mask"])[0].numpy())
    return np.stack(made)


def theirs(directory):
    return np.stack([SentenceTransformer(str(directory), device="cpu").encode(text) for text in TEXTS])


@pytest.mark.parametrize("kind", BEHIND)
def test_vectors_are_those_of_sentence_transformers(saved_bert, tmp_path, kind):
    directory = build(saved_bert, tmp_path / "st", *BEHIND[kind])
    loaded = load(directory, device="cpu")
    np.testing.assert_allclose(vectors(loaded), theirs(directory), atol=1e-6)
    assert loaded.pooling.refusal == ""


@pytest.mark.parametrize(
    "kind", [kind for kind in BEHIND if kind not in ("dense", "dense, twice", "dense, residual")]
)
def test_shares_of_tokens_sum_to_the_vector(saved_bert, tmp_path, kind):
    loaded = load(build(saved_bert, tmp_path / "st", *BEHIND[kind]), device="cpu")
    inputs = loaded.tokenizer(TEXTS[0], return_tensors="pt")
    with torch.no_grad():
        hidden = loaded.module(**inputs).last_hidden_state
        whole = loaded.pooling.vector(hidden, inputs["attention_mask"])[0]
        torch.testing.assert_close(loaded.pooling.shares(hidden).sum(0), whole, atol=1e-6, rtol=1e-5)


def test_a_bias_belongs_to_no_token(saved_bert, tmp_path):
    loaded = load(build(saved_bert, tmp_path / "st", *BEHIND["dense"]), device="cpu")
    assert not loaded.pooling.is_additive
    with pytest.raises(ModelUnsupported, match="mixes what the tokens add"):
        loaded.pooling.shares(torch.zeros(1, 3, WIDTH))


def test_similarity_is_that_of_sentence_transformers(saved_bert, tmp_path):
    import attnviz

    directory = build(saved_bert, tmp_path / "st", *BEHIND["dense, twice"])
    result = attnviz.explain(
        attnviz.load(str(directory), device="cpu"),
        TEXTS[0],
        pair=TEXTS[1],
        target="similarity",
        method="leave-one-out",
    )
    assert result.value == pytest.approx(
        float(torch.cosine_similarity(*torch.tensor(theirs(directory)), dim=0)), abs=1e-6
    )


def test_lower_case_and_length(saved_bert, tmp_path):
    directory = build(saved_bert, tmp_path / "st", "mean", max_seq_length=5, do_lower_case=True)
    loaded = load(directory, device="cpu")
    assert loaded.tokenizer("THE Cat")["input_ids"] == loaded.tokenizer("the cat")["input_ids"]
    assert loaded.pooling.max_seq_length == 5
    assert "reads the first 5 tokens of a text; here the whole is read" in loaded.card.notes
    short = SentenceTransformer(str(directory), device="cpu").tokenize(["THE CAT"])["input_ids"][0].tolist()
    assert loaded.tokenizer("THE CAT")["input_ids"][: len(short)][:-1] == short[:-1]


def test_the_transformer_may_lie_in_a_folder(saved_bert, tmp_path):
    directory = build(saved_bert, tmp_path / "st", "mean", [Normalize])
    modules = json.loads((directory / "modules.json").read_text())
    modules[0]["path"] = "0_Transformer"
    (directory / "modules.json").write_text(json.dumps(modules))
    (directory / "0_Transformer").mkdir()
    for path in list(directory.iterdir()):
        if path.is_file() and path.name not in (
            "modules.json",
            "config_sentence_transformers.json",
            "README.md",
        ):
            path.rename(directory / "0_Transformer" / path.name)
    np.testing.assert_allclose(vectors(load(directory, device="cpu")), theirs(directory), atol=1e-6)


def test_prompts_are_told(saved_bert, tmp_path):
    directory = build(saved_bert, tmp_path / "st", "mean")
    path = directory / "config_sentence_transformers.json"
    said = {"prompts": {"query": "query: ", "document": ""}, "default_prompt_name": "query"}
    path.write_text(json.dumps(json.loads(path.read_text()) | said))
    loaded = load(directory, device="cpu")
    assert (loaded.pooling.prompt, loaded.pooling.prompts) == ("query: ", said["prompts"])
    assert "puts 'query: ' before each text" in loaded.card.notes


@pytest.mark.parametrize(
    ("file", "change", "reason"),
    [
        ("modules.json", {"type": "sentence_transformers.models.LSTM"}, "module 'LSTM' is not known here"),
        ("1_Pooling/config.json", {"pooling_mode": "median"}, "pooling 'median' is not known here"),
        ("2_Dense/config.json", {"activation_function": "os.system"}, "'os.system' is none of torch's"),
        ("2_Dense/config.json", {"activation_function": "torch.nn.MultiheadAttention"}, "needs more"),
        ("2_Dense/config.json", {"activation_function": "torch.nn.PReLU"}, "weights of its own"),
        ("2_Dense/config.json", {"out_features": 9}, "not those of its config.json"),
        ("2_Dense/config.json", {"module_input_name": "token_embeddings"}, "something other than the text's vector"),
        ("2_Dense/model.safetensors", None, "holds no weights"),
    ],
)  # fmt: skip
def test_what_cannot_be_honoured_is_refused(saved_bert, tmp_path, file, change, reason):
    """The model still loads: its attention is as right as ever; its vectors are refused, and the card says so."""
    directory = build(saved_bert, tmp_path / "st", "mean", [lambda: Dense(WIDTH, 8)])
    if change is None:
        (directory / file).unlink()
    else:
        document = json.loads((directory / file).read_text())
        (document[-1] if isinstance(document, list) else document).update(change)
        (directory / file).write_text(json.dumps(document))
    loaded = load(directory, device="cpu")
    assert reason in loaded.pooling.refusal
    assert loaded.pooling.refusal in loaded.card.notes
    with pytest.raises(ModelUnsupported, match="makes no vector of a text here"):
        vectors(loaded)


def test_a_layer_of_another_kind_is_refused(saved_bert, tmp_path):
    loaded = load(build(saved_bert, tmp_path / "st", "mean", [lambda: LayerNorm(WIDTH)]), device="cpu")
    assert "'LayerNorm' is not known here" in loaded.pooling.refusal


def test_minilm_says_how_much_it_reads():
    loaded = load("minilm", device="cpu")
    assert loaded.pooling == replace(Own(), modes=("mean",), steps=("normalize",), max_seq_length=256)
