"""The check that a model's capture is right finds it right, finds it wrong, and says where it cannot tell."""

from __future__ import annotations

import pytest
import torch
import transformers
from families import BY_NAME
from tiny_models import build
from translators import LANGUAGES, module, tokenizer

import attnviz
from attnviz.__main__ import main
from attnviz.capture.recording import interface, recorder
from attnviz.capture.self_check import EAGER, FLOAT64
from tests.capture import media_models


def words():
    from tokenizers import Regex, Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    known = {"<unk>": 0, "</s>": 1, "<pad>": 2} | {chr(97 + n): 3 + n for n in range(26)}
    backend = Tokenizer(models.WordLevel(known, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.Split(Regex("."), "isolated")
    return PreTrainedTokenizerFast(
        tokenizer_object=backend, unk_token="<unk>", eos_token="</s>", pad_token="<pad>"
    )


def tiny(name: str):
    return attnviz.load(build(BY_NAME[name]), tokenizer=words())


@pytest.mark.parametrize(
    ("name", "against"),
    [("llama", EAGER), ("gemma2", EAGER), ("gpt_oss", EAGER), ("bloom", EAGER), ("mpt", EAGER), ("deberta-v2", EAGER),
     ("t5", EAGER), ("bart", EAGER), ("falcon", FLOAT64), ("falcon-alibi", FLOAT64)],
)  # fmt: skip
def test_what_is_right_is_found_right(name, against):
    found = attnviz.check(tiny(name))
    assert found.passed, str(found)
    assert found.against == against
    assert [kind for kind, _ in found.differences] == list(tiny(name).capture("a cat", **target(name)).kinds)


def target(name: str):
    return {"target_text": "a mat"} if name in ("t5", "bart") else {}


def test_real_weights(minilm):
    found = attnviz.check(minilm)
    assert found.passed
    assert found.differences[0][1] < 1e-5
    assert "right" in str(found)


@pytest.mark.parametrize("name", ["vit", "siglip", "whisper", "Wav2Vec2"])
def test_what_reads_pictures_and_sounds_is_checked_on_noise(name):
    if name == "whisper":
        model = attnviz.load(
            media_models.whisper(),
            tokenizer=media_models.transcriber(),
            processor=media_models.listener("Whisper"),
        )
    elif name == "Wav2Vec2":
        model = attnviz.load(media_models.hearing(name), processor=media_models.listener(name))
    else:
        model = attnviz.load(media_models.vision(name), processor=media_models.image_processor(name))
    found = attnviz.check(model)
    assert found.passed, str(found)
    assert found.unit == ("patch" if name in media_models.PICTURES else "frame")


def test_a_translator_needs_no_language_of_the_callers():
    assert attnviz.check(attnviz.load(module("m2m_100"), tokenizer=tokenizer("m2m_100"))).passed
    assert set(LANGUAGES) >= {"m2m_100"}


def test_half_precision_is_compared_with_float64():
    model = attnviz.load(build(BY_NAME["llama"]).to(torch.bfloat16), tokenizer=words())
    found = attnviz.check(model)
    assert (found.passed, found.against) == (True, FLOAT64)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
@pytest.mark.parametrize(("name", "exact"), [("bart", True), ("t5", True), ("bart", False), ("t5", False)])
def test_an_encoder_decoder_in_half_precision_is_checked(monkeypatch, name, exact, dtype):
    """In float64; and, as where torch's function is not what attends, as coarsely as eager rounds."""
    from attnviz.capture import self_check

    if not exact:
        monkeypatch.setattr(self_check, "_watched", lambda *given: None)
    found = attnviz.check(attnviz.load(build(BY_NAME[name]).to(dtype), tokenizer=words()))
    assert found.passed, str(found)
    assert found.against == (FLOAT64 if exact else f"{EAGER} in {str(dtype).removeprefix('torch.')}")
    assert {kind for kind, _ in found.differences} == {"encoder", "decoder", "cross"}
    own = interface._scale
    monkeypatch.setattr(interface, "_scale", lambda *args: 1.5 * own(*args))
    assert attnviz.check(attnviz.load(build(BY_NAME[name]).to(dtype), tokenizer=words())).passed is False


@pytest.mark.parametrize("name", ["llama", "t5"])
def test_a_scale_that_is_off_by_a_hundredth_is_found(monkeypatch, name):
    own = interface._scale
    monkeypatch.setattr(interface, "_scale", lambda *args: 1.01 * own(*args))
    found = attnviz.check(tiny(name))
    assert found.passed is False
    assert "WRONG" in str(found)


def test_a_mask_that_is_lost_is_found(monkeypatch):
    """Of a family whose eager path is another model: what is left is float64."""
    monkeypatch.setattr(recorder, "compact_mask", lambda mask, queries: (None, None))
    found = attnviz.check(tiny("falcon-alibi"))
    assert (found.passed, found.against) == (False, FLOAT64)


def test_a_family_without_another_path_is_not_called_right(monkeypatch):
    from attnviz.capture import self_check

    for way in ("_eager", "_watched"):
        monkeypatch.setattr(self_check, way, lambda *given: None)
    found = attnviz.check(tiny("llama"))
    assert (found.passed, found.against) == (None, "")
    assert "not checked" in str(found)
    half = attnviz.check(attnviz.load(build(BY_NAME["llama"]).to(torch.bfloat16), tokenizer=words()))
    assert "load it with dtype='float32'" in str(half)


def test_on_the_command_line(monkeypatch, capsys, tmp_path):
    assert main(["check", "minilm", "--device", "cpu"]) == 0
    assert "minilm: right. Largest difference" in capsys.readouterr().out
    monkeypatch.setattr(interface, "_scale", lambda *args: 0.3)
    assert main(["check", "minilm", "--device", "cpu"]) == 1
    assert "WRONG" in capsys.readouterr().out
    assert main(["check", str(tmp_path / "nothing")]) == 2
    assert "refused" in capsys.readouterr().err
    config = transformers.MambaConfig(vocab_size=40, hidden_size=8, num_hidden_layers=1, state_size=4)
    transformers.MambaForCausalLM(config).save_pretrained(tmp_path / "mamba")
    words().save_pretrained(tmp_path / "mamba")
    assert main(["check", str(tmp_path / "mamba"), "--device", "cpu"]) == 2
    assert "attention" in capsys.readouterr().err
