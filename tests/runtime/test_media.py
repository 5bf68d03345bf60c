"""Pictures and sounds of visitors: held by digest, asked about, forgotten, and bounded."""

from __future__ import annotations

import io
import pickle

import numpy as np
import pytest
import soundfile
from PIL import Image

import attnviz
from attnviz.errors import InputInvalid, InputTooLong
from attnviz.runtime import LocalRuntime, Query, Settings
from attnviz.types import Patches
from tests.capture import media_models as tiny


@pytest.fixture(scope="module")
def vit(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("vit")
    tiny.vision("vit").save_pretrained(path)
    tiny.image_processor("vit").save_pretrained(path)
    return str(path)


def png() -> bytes:
    file = io.BytesIO()
    Image.fromarray(tiny.picture()).save(file, "PNG")
    return file.getvalue()


def test_a_question_names_a_picture_by_its_digest(runtime, vit):
    digest = runtime.hold("image", png())
    query = pickle.loads(pickle.dumps(Query(vit, "", image=digest)))
    assert runtime.holds(query)
    capture = runtime.capture(query)
    assert isinstance(capture.tokens, Patches)
    expected = attnviz.load(vit).capture(image=tiny.picture())
    np.testing.assert_allclose(runtime.attention(query, 1, 2), expected.attention(1, 2), atol=1e-6)
    assert runtime.thumbnail(query).shape == (60, 90, 3)
    assert runtime.ready(query)
    assert runtime.breakdowns(query) == ()
    with pytest.raises(InputInvalid, match="needs a text, and this is a picture"):
        runtime.allocation(query)
    with pytest.raises(InputInvalid, match="the question is about a picture"):
        runtime.explain(query)


def test_a_saved_file_of_a_picture_opens(runtime, vit):
    query = Query(vit, "", image=runtime.hold("image", png()))
    opened = runtime.open(runtime.save(query))
    assert (opened.text, opened.media) == ("", False)
    np.testing.assert_allclose(runtime.attention(opened, 0, 1), runtime.attention(query, 0, 1), atol=1e-6)


def test_what_is_held_no_longer_is_asked_for_again(runtime, vit):
    query = Query(vit, "", image="0" * 32)
    assert not runtime.holds(query)
    with pytest.raises(InputInvalid, match="picture that this address names is not kept") as refused:
        runtime.capture(query)
    assert refused.value.remedy == "Choose the file again."


def test_what_cannot_be_read_is_not_held(runtime):
    with pytest.raises(InputInvalid, match="no picture"):
        runtime.hold("image", b"<svg/>")
    with pytest.raises(InputInvalid, match="no sound"):
        runtime.hold("audio", png())


def test_a_server_bounds_frames_and_what_one_visitor_holds(tmp_path):
    tiny.hearing("Wav2Vec2").save_pretrained(tmp_path)
    tiny.listener("Wav2Vec2").save_pretrained(tmp_path)
    file = io.BytesIO()
    soundfile.write(file, tiny.sound(0.5), tiny.RATE, format="WAV")
    small = LocalRuntime(Settings(device="cpu", max_tokens=100, held_mb=1, local="1"))
    query = Query(str(tmp_path), "", audio=small.hold("audio", file.getvalue()))
    with pytest.raises(InputTooLong, match="makes 399 frames of it; this server allows 100"):
        small.capture(query)
    noise, large = np.random.default_rng(0).integers(0, 255, (400, 400, 3), dtype=np.uint8), io.BytesIO()
    Image.fromarray(noise).save(large, "PNG")
    with pytest.raises(attnviz.AttnVizError, match="one visitor may hold"):
        small.hold("image", large.getvalue())
