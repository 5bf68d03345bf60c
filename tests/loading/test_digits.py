"""The model that we trained: its card's figures, recomputed; its examples are of what it was not trained on."""

import hashlib
import re

import numpy as np
import pytest
import torch
from PIL import Image

import attnviz
from attnviz.runtime.gallery.samples import sample
from models.digits import train


@pytest.fixture(scope="module")
def digits() -> attnviz.Model:
    return attnviz.load("digits", device="cpu", dtype="float32")


def test_its_card_says_what_the_held_out_third_says(digits):
    module = digits.loaded.module
    found = train.measure(module)
    card = (train.FOLDER / "README.md").read_text("utf-8")
    assert found["held_out"] == 599
    assert f"{found['accuracy']:.4f} ({found['right']} of {found['held_out']} right)" in card
    assert found["accuracy"] >= train.GOAL
    told = dict(re.findall(r"(\d) (\d\.\d{3})", card.split("By digit**: ")[1].split("\n")[0]))
    assert {digit: float(share) for digit, share in told.items()} == found["of_each_digit"]
    assert f"{sum(each.numel() for each in module.parameters()):,} parameters" in card
    first, held = train.split()
    assert (len(first), len(held)) == (1198, 599)
    assert not set(first) & set(held)


def test_the_processor_prepares_as_the_training_did(digits):
    pixels = train.pictures()[0][:5]
    grey = [np.repeat(each[..., None], 3, -1) for each in pixels]
    prepared = digits.loaded.processor(images=grey, return_tensors="pt")["pixel_values"]
    torch.testing.assert_close(prepared, train.prepared(pixels).contiguous())


def test_its_examples_are_pictures_of_the_held_out_third(digits):
    pixels, labels = train.pictures()
    held = {pixels[n].tobytes(): labels[n] for n in train.split()[1]}
    for digit in (3, 5, 8):
        name = f"digit-{digit}.png"
        data = sample("image", name)
        path = train.FOLDER.parents[1] / "attnviz" / "examples" / name
        assert hashlib.sha256(data).digest() == hashlib.sha256(path.read_bytes()).digest()
        assert held[np.asarray(Image.open(path)).tobytes()] == digit


def test_the_recipe_learns():
    """Two epochs of it lower the loss: it runs as it stands."""
    told: list[str] = []
    train.train(2, told.append)
    assert len(told) == 1
    assert float(told[0].rpartition(" ")[2]) < 2.35
