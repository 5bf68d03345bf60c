"""Explanations of labels of pictures equal captum's, and those of eager gradients, on tiny random classifiers."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import torch
import transformers
from captum.attr import FeatureAblation, IntegratedGradients

import attnviz
from attnviz.explanation.pictures import (
    explain_picture,
    feature_similarity,
    picture_faithfulness,
    without_patches,
)
from attnviz.explanation.pictures.problem import pose
from tests.capture import media_models as tiny

FAMILIES = {
    "vit": ("ViT", tiny.VISION),
    "deit": ("DeiT", tiny.VISION),
    "beit": ("Beit", {**tiny.VISION, **tiny.PICTURES["beit"][1]}),
    "swin": (
        "Swin",
        {"image_size": 32, "embed_dim": 16, "depths": [1, 1], "num_heads": [2, 4], "window_size": 2, "patch_size": 4},
    ),
}  # fmt: skip
PICTURE = tiny.picture()


@cache
def classifier(name: str, attention: str | None = None) -> torch.nn.Module:
    family, options = FAMILIES[name]
    more = {} if attention is None else {"attn_implementation": attention}
    config = getattr(transformers, f"{family}Config")(**options, **more, num_labels=5)
    torch.manual_seed(0)
    module = tiny.sharp(getattr(transformers, f"{family}ForImageClassification")(config))
    module.classifier.weight.data.normal_(generator=torch.Generator().manual_seed(1))
    return module


@cache
def model(name: str) -> attnviz.Model:
    processor = tiny.image_processor(name if name in tiny.PICTURES else "vit")
    return attnviz.load(classifier(name), processor=processor)


@pytest.mark.parametrize("name", FAMILIES)
def test_integrated_gradients_equal_captum_over_pixels_and_add_up(name):
    found = explain_picture(model(name), PICTURE, baseline="black", steps=64)
    problem = pose(model(name), PICTURE, baseline="black")
    blank = torch.full_like(problem.pixels, float(problem.blank.flatten()[0]))
    module = classifier(name)
    expected = IntegratedGradients(lambda pixels: module(pixel_values=pixels).logits).attribute(
        problem.pixels, blank, target=int(module(pixel_values=problem.pixels).logits.argmax()), n_steps=64
    )
    side = problem.pixels.shape[2] // found.scores.shape[0]
    cells = expected[0].sum(0).unfold(0, side, side).unfold(1, side, side).sum((2, 3))
    np.testing.assert_allclose(found.scores, cells.detach().numpy(), rtol=1e-3, atol=2e-4)
    assert found.sum_holds
    assert found.scores.sum() == pytest.approx(found.value - found.baseline_value, rel=0.01)


@pytest.mark.parametrize("name", FAMILIES)
def test_occlusion_equals_captums_ablation(name):
    found = explain_picture(model(name), PICTURE, label=1, method="occlusion", baseline="grey")
    problem = pose(model(name), PICTURE, baseline="grey")
    rows, columns = found.scores.shape
    groups = problem.spread(torch.arange(rows * columns).view(1, rows, columns))[:, None]
    module = classifier(name)
    with torch.no_grad():
        expected = FeatureAblation(lambda pixels: module(pixel_values=pixels).logits).attribute(
            problem.pixels, problem.blank.expand_as(problem.pixels), target=1, feature_mask=groups
        )
    one_of_each = np.unique(groups.numpy(), return_index=True)[1]
    np.testing.assert_allclose(
        found.scores.reshape(-1), expected[0, 0].reshape(-1).numpy()[one_of_each], atol=2e-5
    )
    assert found.label == "LABEL_1"


@pytest.mark.parametrize("name", ["vit", "deit", "beit"])
def test_relevance_follows_the_gradients_of_eager_attention(name):
    """Chefer's rule, applied to the maps and their gradients that transformers itself gives in an eager pass."""
    module = classifier(name, "eager")
    module.load_state_dict(classifier(name).state_dict())
    problem = pose(model(name), PICTURE)
    output = module(pixel_values=problem.pixels, output_attentions=True)
    for weights in output.attentions:
        weights.retain_grad()
    output.logits[0, problem.chosen].backward()
    relevance = torch.eye(len(problem.patches), dtype=torch.float64)
    for weights in output.attentions:
        mean = (weights.grad * weights).clamp_min(0).mean(1)[0].double()
        relevance = relevance + mean @ relevance
    if name == "beit":  # its head reads the mean of the patches
        row = (relevance - torch.eye(len(relevance)))[1:].mean(0)
    else:
        leading = 2 if name == "deit" else 1
        row = (relevance - torch.eye(len(relevance)))[:leading].mean(0)
    shares = row[~torch.as_tensor(np.array(problem.patches.special))]
    found = explain_picture(model(name), PICTURE, method="attention-relevance")
    np.testing.assert_allclose(
        found.scores.reshape(-1), (shares / shares.sum()).detach().numpy(), rtol=2e-4, atol=1e-6
    )
    module.zero_grad()


def test_relevance_of_windows_is_refused_with_a_reason():
    with pytest.raises(attnviz.ModelUnsupported):
        explain_picture(model("swin"), PICTURE, method="attention-relevance")


def test_curves_count_and_compare_with_random_orders():
    found = explain_picture(model("vit"), PICTURE, method="occlusion")
    test = picture_faithfulness(model("vit"), PICTURE, found, seeds=3)
    order = np.argsort(-found.scores.reshape(-1), kind="stable")
    for place, count in ((0, int(test.counts[0])), (4, int(test.counts[4]))):
        away = without_patches(model("vit"), PICTURE, order[:count].tolist())
        alone = without_patches(model("vit"), PICTURE, order[count:].tolist())
        assert test.removed[place] == pytest.approx(away.after, abs=1e-5)
        assert test.kept[place] == pytest.approx(alone.after, abs=1e-5)
    assert test.removed[-1] == pytest.approx(test.random_removed[:, -1], abs=1e-5), "nothing is left"
    assert test.random_removed.shape == (3, len(test.counts))
    assert test.removed_area <= test.random_removed.mean() + 1e-6, "occlusion knows more than chance"


def test_covered_patches_change_the_result_as_covered_pixels_do():
    problem = pose(model("vit"), PICTURE, label=2, baseline="black")
    pixels = problem.pixels.clone()
    pixels[:, :, 8:16, 24:32] = problem.blank
    with torch.no_grad():
        expected = classifier("vit")(pixel_values=pixels).logits[0]
    found = without_patches(model("vit"), PICTURE, [7], label=2, baseline="black")
    assert found.after == pytest.approx(float(expected[2]), abs=1e-5)
    assert dict(found.outcomes_after) == pytest.approx(
        {f"LABEL_{n}": share for n, share in enumerate(expected.softmax(-1).tolist())}, abs=1e-6
    )


def test_alike_patches_by_the_states_of_transformers_itself():
    loaded = attnviz.load(tiny.vision("dinov2-registers"), processor=tiny.image_processor("dinov2-registers"))
    found = feature_similarity(loaded, PICTURE, 5)
    problem_inputs = tiny.image_processor("dinov2-registers")(images=PICTURE, return_tensors="pt")
    with torch.no_grad():
        states = tiny.vision("dinov2-registers")(**problem_inputs, output_hidden_states=True).hidden_states
    expected = torch.stack([torch.nn.functional.cosine_similarity(s[0, 5:6], s[0], dim=-1) for s in states])
    np.testing.assert_allclose(found, expected.numpy(), atol=1e-5)
    assert found.shape == (3, 3 + 16)
    np.testing.assert_allclose(found[:, 5], 1, atol=1e-5)


def test_what_cannot_be_explained_is_said():
    bare = attnviz.load(tiny.vision("vit"), processor=tiny.image_processor("vit"))
    with pytest.raises(attnviz.ModelUnsupported, match="gives pictures no labels"):
        explain_picture(bare, PICTURE)
    for wrong in (
        {"method": "rollout"},
        {"baseline": "pink"},
        {"label": "no such"},
        {"steps": 0},
        {"some": 1},
    ):
        with pytest.raises(attnviz.UnknownName):
            explain_picture(model("vit"), PICTURE, **wrong)
    with pytest.raises(attnviz.UnknownName):
        without_patches(model("vit"), PICTURE, [16])
