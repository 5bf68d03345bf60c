"""Captures of pictures against transformers' eager attention, and what their rows and columns stand for."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pytest
import torch
import transformers
from PIL import Image

import attnviz
from attnviz.errors import InputInvalid, ModelUnsupported
from attnviz.types import Patches
from tests.capture import media_models as tiny

VIT = "vit"


@pytest.fixture(scope="module")
def models() -> dict[str, Any]:
    return {
        name: attnviz.load(tiny.vision(name), processor=tiny.image_processor(name)) for name in tiny.PICTURES
    }


@pytest.mark.parametrize("name", tiny.PICTURES)
def test_maps_are_eager_attention_and_labels_are_where_the_model_puts_them(models, name):
    model, picture = models[name], tiny.picture()
    capture = model.capture(image=picture)
    patches = capture.tokens
    assert isinstance(patches, Patches)
    assert patches == model.tokenize(image=picture)
    assert (patches.rows, patches.columns, patches.leading) == (4, 4, tiny.PICTURES[name][-1])
    prepared = tiny.image_processor(name)(images=Image.fromarray(picture), return_tensors="pt")[
        "pixel_values"
    ]
    eager = tiny.vision(name, "eager")
    with torch.no_grad():
        found = eager(pixel_values=prepared, output_attentions=True, output_hidden_states=True)
        other, moved = prepared.flip(0, 1, 2).roll(5, 3) + 1, prepared.clone()
        moved[..., 8:16, 16:24] += 1
        after = [
            eager(pixel_values=each, output_hidden_states=True).hidden_states[0] for each in (other, moved)
        ]
    for layer, expected in enumerate(found.attentions):
        np.testing.assert_allclose(capture.attention(layer), expected[0].numpy(), atol=2e-6)
    assert max(float(each.max()) for each in found.attentions) > 0.2, "attention that is flat proves little"
    first = found.hidden_states[0]
    from_picture, from_patch = ((first - each)[0].abs().amax(1) > 1e-5 for each in after)
    np.testing.assert_array_equal(from_picture.numpy(), ~patches.special)
    assert [patches.labels[n] for n in np.flatnonzero(from_patch)] == ["1, 2"]


@pytest.mark.parametrize("name", tiny.PICTURES)
def test_the_box_is_where_the_grid_lies_on_the_picture(models, name):
    """Colours that say where they are: what a patch holds after resizing and cropping is what the box promises."""
    y, x = np.mgrid[0:180, 0:240].astype(np.uint8)
    picture = np.stack([x, y, np.zeros_like(x)], axis=2)
    patches = models[name].tokenize(image=picture)
    processor = tiny.image_processor(name)
    pixels = processor(images=Image.fromarray(picture), return_tensors="pt")["pixel_values"][0].numpy()
    mean, std = (np.array(each)[:, None, None] for each in (processor.image_mean, processor.image_std))
    seen = (pixels * std + mean) * 255
    left, top, right, bottom = patches.box
    for row, column in ((0, 0), (3, 3), (1, 2)):
        cell = seen[:2, 8 * row : 8 * row + 8, 8 * column : 8 * column + 8].mean((1, 2))
        middle = (left + (column + 0.5) * (right - left) / 4, top + (row + 0.5) * (bottom - top) / 4)
        np.testing.assert_allclose(cell, np.array(middle) - 0.5, atol=1.5)


def test_a_directory_loads_with_its_processor(models, tmp_path):
    tiny.vision(VIT).save_pretrained(tmp_path)
    tiny.image_processor(VIT).save_pretrained(tmp_path)
    (tmp_path / "picture.png").write_bytes(_png(tiny.picture()))
    capture = attnviz.load(str(tmp_path)).capture(image=tmp_path / "picture.png")
    np.testing.assert_array_equal(
        capture.attention(1, 2), models[VIT].capture(image=tiny.picture()).attention(1, 2)
    )


def test_statistics_of_a_picture_leave_out_what_only_a_line_has(models):
    capture = models[VIT].capture(image=tiny.picture())
    table, maps = capture.statistics(), np.stack([capture.attention(layer) for layer in range(2)])
    for name in ("distance", "previous", "next", "induction"):
        assert np.isnan(table[name]).all()
    np.testing.assert_allclose(table["special"], maps[..., 0].mean(2), atol=1e-6)
    np.testing.assert_allclose(table["self"], np.diagonal(maps, axis1=2, axis2=3).mean(2), atol=1e-6)


def test_a_file_holds_the_patches(models, tmp_path):
    capture = models["dinov2-registers"].capture(image=tiny.picture())
    capture.save(tmp_path / "a.attnviz")
    opened = attnviz.open(tmp_path / "a.attnviz")
    assert opened.tokens == capture.tokens
    assert opened.tokens.labels[:4] == ("[CLS]", "[REG 0]", "[REG 1]", "0, 0")
    np.testing.assert_allclose(opened.attention(1, 3), capture.attention(1, 3), atol=1e-6)
    assert "A picture of 90 x 60 pixels" in (opened._repr_html_() or "")


def test_windows_are_refused_in_words():
    config = transformers.SwinConfig(
        image_size=32, patch_size=2, embed_dim=16, depths=[1, 1], num_heads=[2, 2], window_size=4
    )
    model = attnviz.load(
        transformers.SwinModel(config).eval(), processor=transformers.ViTImageProcessor(size=tiny.SIDE)
    )
    with pytest.raises(ModelUnsupported, match=r"pools the picture or attends in blocks"):
        model.capture(image=tiny.picture())


def test_what_does_not_go_together_is_refused(models, minilm, tmp_path):
    model, picture = models[VIT], tiny.picture()
    with pytest.raises(InputInvalid, match="One thing is read at a time"):
        model.capture("a text", image=picture)
    with pytest.raises(ModelUnsupported, match="takes image, not text"):
        model.capture()
    with pytest.raises(InputInvalid, match="has no decoder"):
        model.capture(image=picture, target_text="a flower")
    with pytest.raises(ModelUnsupported, match="takes image, not text"):
        model.capture("a text")
    with pytest.raises(ModelUnsupported, match="takes image, not sound"):
        model.capture(audio=np.zeros(99), sampling_rate=8000)
    with pytest.raises(ModelUnsupported, match="takes text, not a picture"):
        minilm.capture(image=picture)
    with pytest.raises(ModelUnsupported, match="came without the processor"):
        attnviz.load(tiny.vision(VIT)).capture(image=picture)
    with pytest.raises(ModelUnsupported, match="Wav2Vec2FeatureExtractor is no processor for image"):
        attnviz.load(tiny.vision(VIT), processor=tiny.listener("Wav2Vec2"))
    with pytest.raises(InputInvalid, match="so narrow"):
        models["clip"].capture(image=np.zeros((1, 40_000), np.uint8))


def test_attribution_of_tokens_on_a_picture_is_refused(models):
    with pytest.raises(attnviz.AttnVizError) as refused:
        attnviz.explain(models[VIT], "a text")
    assert refused.value.remedy


@pytest.mark.parametrize(("file", "field"), [("size", {"height": 100_000, "width": 32}), ("patch", 0)])
def test_a_hostile_processor_is_refused(tmp_path, file, field):
    tiny.vision(VIT).save_pretrained(tmp_path)
    processor = tiny.image_processor(VIT)
    if file == "size":
        processor.size = field
    else:
        processor.image_mean = [1e12, 0, 0]
    processor.save_pretrained(tmp_path)
    with pytest.raises(ModelUnsupported, match=r"preprocessor_config.json gives"):
        attnviz.load(str(tmp_path))


def _png(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()
