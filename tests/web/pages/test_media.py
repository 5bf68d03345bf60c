"""Attention and All heads of a picture and of a sound; the other pages, and addresses without their file, say so."""

from __future__ import annotations

import io

import numpy as np
import pytest
import soundfile
from PIL import Image

from attnviz.runtime import Query, get_runtime
from attnviz.web.shell.site import SITE
from tests.capture import media_models as tiny


@pytest.fixture(scope="module")
def vit(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("vit")
    tiny.vision("vit").save_pretrained(path)
    tiny.image_processor("vit").save_pretrained(path)
    return str(path)


@pytest.fixture(scope="module")
def whisper(tmp_path_factory) -> str:
    path = tmp_path_factory.mktemp("whisper")
    tiny.whisper().save_pretrained(path)
    tiny.transcriber().save_pretrained(path)
    tiny.listener("Whisper").save_pretrained(path)
    return str(path)


@pytest.fixture
def picture() -> str:
    file = io.BytesIO()
    Image.fromarray(tiny.picture()).save(file, "PNG")
    return get_runtime().hold("image", file.getvalue())


@pytest.fixture
def sound() -> str:
    file = io.BytesIO()
    soundfile.write(file, tiny.sound(), tiny.RATE, format="WAV")
    return get_runtime().hold("audio", file.getvalue())


def test_attention_of_a_picture(opened, vit, picture):
    page = opened("attention", model=vit, image=picture, layer="1", head="2")
    header, arrays = page.figure("heatmap")
    assert header["queries"][:3] == ["[CLS]", "0, 0", "0, 1"]
    assert header["querySpecial"] == [1, *[0] * 16]
    assert (header["unit"], header["queryTitle"]) == ("patch", "query patch: looks from")
    assert header["proses"] == []
    place = header["at"].index([1, 2])
    expected = get_runtime().attention(Query(vit, "", image=picture), 1, 2)
    np.testing.assert_array_equal(arrays["maps"][place], expected)
    assert "A picture of 90 x 60 pixels, in 4 rows of 4 patches." in page.markdown


def test_all_heads_of_a_picture(opened, vit, picture):
    page = opened("heads", model=vit, image=picture, open="0.1")
    header, _ = page.figure("heads")
    assert header["detail"]["keys"][:2] == ["[CLS]", "0, 0"]
    assert (header["queries"], header["text"]) == (17, "A picture of 90 x 60 pixels, in 4 rows of 4 patches.")


def test_cross_attention_of_a_sound_is_by_frames_or_by_stretches_of_time(opened, whisper, sound):
    page = opened("attention", model=whisper, audio=sound, target_text="so")
    header, _ = page.figure("heatmap")
    assert header["keys"][:2] == ["0.00 s", "0.02 s"]
    assert (sum(header["keySpecial"]), header["keys"][-1]) == (1, "padding")
    page = opened("attention", model=whisper, audio=sound, target_text="so", unit="tenth")
    header, arrays = page.figure("heatmap")
    assert header["keys"][:2] == ["0.0 s", "0.1 s"]
    np.testing.assert_allclose(arrays["maps"].sum(2), 1, atol=1e-5)
    assert "A column is the sum over the frames of a tenth of a second" in header["note"]


@pytest.mark.parametrize("name", [each.name for each in SITE if not each.media and each.figure])
def test_pages_of_texts_say_that_they_read_text(opened, vit, picture, name):
    get_runtime().info(Query(vit, "", image=picture))  # the model is known
    page = opened(name, model=vit, image=picture)
    assert "reads text" in page.markdown
    assert not page.figures()


def test_an_address_whose_picture_is_gone_asks_for_the_file_again(opened, vit, picture):
    get_runtime().info(Query(vit, "", image=picture))
    page = opened("attention", model=vit, image="f" * 32)
    assert "This picture is not here" in page.markdown
    assert "Choose the file again" in page.markdown
    page = opened("attention", model=vit)
    assert "There is no picture yet" in page.markdown
    page = opened("attention", model=vit, image="../../etc/passwd")
    assert any("name of the picture in the link cannot be used" in each for each in page.notices)


def test_an_upload_shows_the_picture(opened, vit, picture):
    get_runtime().info(Query(vit, "", image=picture))
    page = opened("attention", model=vit)
    file = io.BytesIO()
    Image.new("RGB", (40, 40), (9, 200, 9)).save(file, "PNG")
    page.at.file_uploader(key="entry_image").set_value(("a.png", file.getvalue(), "image/png")).run()
    page.press("Load this model")
    assert len(page.url["image"]) == 32
    assert page.figure("heatmap")[0]["unit"] == "patch"
    page.at.file_uploader(key="entry_image").set_value(("b.png", b"no picture", "image/png")).run()
    assert any("no picture of a format" in each for each in (*page.problem, page.markdown))
    assert page.figure("heatmap")[0]["unit"] == "patch", "what was shown before stays"
