"""Captures of sounds against transformers' eager attention, and the times that their frames stand for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

import attnviz
from attnviz.errors import InputInvalid, InputTooLong, ModelUnsupported, UnknownName
from attnviz.types import Frames, Tokens
from tests.capture import media_models as tiny


@pytest.fixture(scope="module")
def whisper() -> Any:
    return attnviz.load(tiny.whisper(), tokenizer=tiny.transcriber(), processor=tiny.listener("Whisper"))


@pytest.mark.parametrize("family", ["Wav2Vec2", "Hubert"])
def test_maps_are_eager_attention(family):
    model = attnviz.load(tiny.hearing(family), processor=tiny.listener(family))
    wave = tiny.sound()
    capture = model.capture(audio=wave, sampling_rate=tiny.RATE)
    prepared = tiny.listener(family)(wave, sampling_rate=tiny.RATE, return_tensors="pt")["input_values"]
    with torch.no_grad():
        found = tiny.hearing(family, "eager")(prepared, output_attentions=True).attentions
    for layer, expected in enumerate(found):
        np.testing.assert_allclose(capture.attention(layer), expected[0].numpy(), atol=2e-6)
    assert isinstance(capture.tokens, Frames)
    assert not capture.tokens.special.any()
    table = capture.statistics()
    assert table.units[table.metrics.index("distance")] == "frames"
    maps = np.stack([capture.attention(layer) for layer in range(2)])
    apart = np.abs(np.subtract.outer(np.arange(len(capture.tokens)), np.arange(len(capture.tokens))))
    np.testing.assert_allclose(table["distance"], (maps * apart).sum(3).mean(2), rtol=1e-4)
    assert np.isnan(table["induction"]).all()


def test_a_frame_of_samples_begins_where_it_first_hears() -> None:
    """A changed sample is heard last by the frame that its time lies in: later windows begin behind it."""
    module = tiny.hearing("Wav2Vec2")
    wave = torch.randn(1, 4000, generator=torch.Generator().manual_seed(0))
    frames = attnviz.load(module, processor=tiny.listener("Wav2Vec2")).tokenize(
        audio=wave[0].numpy(), sampling_rate=tiny.RATE
    )
    with torch.no_grad():
        before = module.feature_extractor(wave)
        assert len(frames) == before.shape[2]
        for sample in (37, 400, 2_019, 3_800):
            changed = wave.clone()
            changed[0, sample] += 3
            heard = (module.feature_extractor(changed) - before)[0].abs().amax(0) > 1e-6
            begin, end = frames.seconds[int(np.flatnonzero(heard)[-1])]
            assert begin <= sample / tiny.RATE < end


def test_a_frame_of_whisper_is_twenty_milliseconds_around_what_it_hears(whisper):
    module = tiny.whisper()
    frames = whisper.tokenize(audio=tiny.sound(0.5), sampling_rate=tiny.RATE)
    assert (len(frames), int(frames.special.sum())) == (50, 25), "one second, half of it padding"
    np.testing.assert_allclose(frames.seconds[:, 0], 0.02 * np.arange(50))
    assert frames.labels[:2] == ("0.00 s", "0.02 s")
    encoder, features = module.model.encoder, torch.randn(1, 20, 100)
    changed = features.clone()
    changed[..., 40] += 1  # steps of 10 ms: at 0.40 s
    gelu = torch.nn.functional.gelu
    with torch.no_grad():
        one, other = (gelu(encoder.conv2(gelu(encoder.conv1(each)))) for each in (features, changed))
    heard = np.flatnonzero((one - other)[0].abs().amax(0) > 1e-6)
    assert frames.seconds[heard[len(heard) // 2], 0] == pytest.approx(0.40)


def test_whisper_with_a_transcript_is_eager_attention_behind_its_own_prefix(whisper):
    wave, said = tiny.sound(0.6), " Front, center."
    capture = whisper.capture(audio=wave, sampling_rate=tiny.RATE, target_text=said)
    tokenizer = tiny.transcriber()
    labels = tokenizer(said)["input_ids"]  # start, no timestamps, the text, end
    assert capture.fed_tokens.ids.tolist() == labels[:-1]
    assert capture.target_tokens.ids.tolist() == labels[1:]
    assert capture.target_tokens.text.endswith(said)
    assert (type(capture.query_tokens("cross")), type(capture.key_tokens("cross"))) == (Tokens, Frames)
    features = tiny.listener("Whisper")(wave, sampling_rate=tiny.RATE, return_tensors="pt")["input_features"]
    with torch.no_grad():
        found = tiny.whisper("eager")(
            input_features=features, decoder_input_ids=torch.tensor([labels[:-1]]), output_attentions=True
        )
    for kind, name in (("encoder", "encoder"), ("decoder", "decoder"), ("cross", "cross")):
        for layer, expected in enumerate(found[f"{name}_attentions"]):
            np.testing.assert_allclose(capture.attention(layer, kind=kind), expected[0].numpy(), atol=5e-6)


def test_whisper_transcribes_what_no_text_is_given_for(whisper):
    wave = tiny.sound(0.6)
    capture = whisper.capture(audio=wave, sampling_rate=tiny.RATE)
    features = tiny.listener("Whisper")(wave, sampling_rate=tiny.RATE, return_tensors="pt")["input_features"]
    fed = capture.fed_tokens.ids
    assert fed[:2].tolist() == tiny.transcriber().convert_tokens_to_ids([tiny.START, tiny.PLAIN])
    with torch.no_grad():
        logits = tiny.whisper()(input_features=features, decoder_input_ids=torch.tensor(fed)[None]).logits
    # Greedy: behind the prefix, each row's likeliest token is the next one.
    np.testing.assert_array_equal(logits[0].argmax(1).numpy()[1:], capture.target_tokens.ids[1:])


def test_a_directory_of_whisper_and_a_file_of_its_capture(whisper, tmp_path):
    tiny.whisper().save_pretrained(tmp_path)
    tiny.transcriber().save_pretrained(tmp_path)
    tiny.listener("Whisper").save_pretrained(tmp_path)
    model = attnviz.load(str(tmp_path))
    assert model.loaded.module.generation_config.alignment_heads == [[1, 0], [1, 3]]
    capture = model.capture(audio=tiny.sound(), sampling_rate=tiny.RATE, target_text="so")
    expected = whisper.capture(audio=tiny.sound(), sampling_rate=tiny.RATE, target_text="so")
    np.testing.assert_array_equal(capture.attention(1, 1), expected.attention(1, 1))
    capture.save(tmp_path / "a.attnviz")
    opened = attnviz.open(tmp_path / "a.attnviz")
    np.testing.assert_array_equal(opened.key_tokens().seconds, capture.tokens.seconds)
    assert (opened.key_tokens().labels, opened.key_tokens().duration) == (capture.tokens.labels, 0.5)
    assert opened.query_tokens().text == capture.fed_tokens.text
    np.testing.assert_allclose(opened.attention(1, 1), capture.attention(1, 1), atol=1e-6)


def test_what_a_speech_model_does_not_hear_is_refused(whisper, minilm):
    with pytest.raises(InputTooLong, match=r"lasts 1.5 seconds; .* hears 1 at once"):
        whisper.capture(audio=tiny.sound(1.5), sampling_rate=tiny.RATE)
    with pytest.raises(InputTooLong, match="writes at most 24"):
        whisper.capture(audio=tiny.sound(), sampling_rate=tiny.RATE, target_text="x" * 40)
    with pytest.raises(ModelUnsupported, match="takes speech, not text"):
        whisper.capture("Front, center.")
    with pytest.raises(ModelUnsupported, match="takes text, not sound"):
        minilm.capture(audio=tiny.sound(), sampling_rate=tiny.RATE)
    with pytest.raises(ModelUnsupported, match="without the tokenizer of what it says"):
        attnviz.load(tiny.whisper(), processor=tiny.listener("Whisper")).capture(
            audio=tiny.sound(), sampling_rate=tiny.RATE
        )
    model = attnviz.load(tiny.hearing("Wav2Vec2"), processor=tiny.listener("Wav2Vec2"))
    with pytest.raises(InputInvalid, match="too short"):
        model.capture(audio=np.zeros(12, np.float32), sampling_rate=tiny.RATE)
    with pytest.raises(attnviz.AttnVizError):
        attnviz.explain(whisper, "Front, center.")


@pytest.fixture(scope="module")
def multilingual() -> Any:
    """Random weights hear no language: what is tested is which tokens the decoder is fed."""
    module, tokenizer = tiny.whisper(multilingual=True), tiny.transcriber(multilingual=True)
    return attnviz.load(module, tokenizer=tokenizer, processor=tiny.listener("Whisper"))


def test_the_language_of_a_transcript_is_the_token_that_the_settings_say(multilingual):
    sound = {"audio": tiny.sound(0.6), "sampling_rate": tiny.RATE}
    assert multilingual.languages == ("en", "fr", "de")
    known = multilingual.loaded.module.generation_config.lang_to_id
    tokens = tiny.transcriber(multilingual=True)
    for code in multilingual.languages:
        prefix = [*tokens.convert_tokens_to_ids([tiny.START, f"<|{code}|>", tiny.TASK, tiny.PLAIN])]
        assert prefix[1] == known[f"<|{code}|>"]
        given = multilingual.capture(**sound, target_text=" so", target_language=code)
        assert given.fed_tokens.ids[:4].tolist() == prefix
        assert f"target_language={code!r}" in given.provenance.call
    own = multilingual.capture(**sound, target_language="de")
    features = tiny.listener("Whisper")(sound["audio"], sampling_rate=tiny.RATE, return_tensors="pt")
    said = tiny.whisper(multilingual=True).generate(
        features["input_features"], language="<|de|>", max_new_tokens=16, return_dict_in_generate=True
    )
    assert own.fed_tokens.ids.tolist() == said.sequences[0, :-1].tolist()
    with pytest.raises(UnknownName, match="en, fr, de"):
        multilingual.capture(**sound, target_language="pt")
    with pytest.raises(UnknownName):
        multilingual.capture(**sound, source_language="en")


def test_an_english_whisper_has_no_languages_to_choose(whisper):
    assert whisper.languages == ()
    with pytest.raises(UnknownName):
        whisper.capture(audio=tiny.sound(0.6), sampling_rate=tiny.RATE, target_language="en")
