"""The page of pictures shows what the engine says; choices stand in the address; hostile files get an answer."""

import io
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from attnviz.figures import unpack
from attnviz.runtime import Query, get_runtime
from attnviz.web.share import offer
from tests.web.truth import looks_into_the_engine

MODEL = "digits"


@pytest.fixture
def drawn(monkeypatch):
    found = []
    monkeypatch.setattr(offer, "show", lambda each, key="", noun="": found.append(each))
    return found


def sample(name: str = "digit-3.png") -> str:
    return get_runtime().sample("image", name)


def query() -> Query:
    return Query(MODEL, "", image=sample())


def test_the_first_visit_shows_a_digit_and_the_row_that_is_chosen(app):
    visit = app("image")
    header, arrays = visit.figure("patches")
    runtime = get_runtime()
    assert (header["rows"], header["columns"], header["leading"], header["item"]) == (4, 4, ["[CLS]"], 0)
    assert (header["layer"], header["chosen"]) == (3, [0, 1, 2, 3])
    for layer in range(4):
        expected = runtime.attention(query(), layer)[:, 0]
        np.testing.assert_allclose(arrays["values"][layer], expected, atol=1e-6)
    np.testing.assert_array_equal(arrays["picture"][..., 0], arrays["picture"][..., 2])
    visit.report("patches", "position", 6)
    assert visit.url["held"] == "q6"
    header, arrays = visit.figure("patches")
    np.testing.assert_allclose(arrays["values"][1], runtime.attention(query(), 1)[:, 6], atol=1e-6)
    visit.report("patches", "chosen", [[1, 2]])
    assert (visit.url["layer"], visit.url["head"]) == ("1", "2")
    visit.report("patches", "chosen", [[1, 0], [1, 2]])
    assert (visit.url["pool"], visit.url["over"]) == ("mean", "1.0,1.2")
    assert visit.figure("patches")[0]["chosen"] == [0, 2]
    visit.report("patches", "form", "spotlight")
    assert visit.url["form"] == "spotlight"


@looks_into_the_engine
def test_rollout_values_and_features_are_those_of_the_library(app):
    from attnviz.analysis import rollout

    runtime = get_runtime()
    capture = runtime.capture(query())
    visit = app("image", quantity="rollout", held="q5", layer="2", head="0")
    layers = [capture.attention(layer).mean(0) for layer in range(4)]
    values = visit.figure("patches")[1]["values"]
    for layer in range(4):
        np.testing.assert_allclose(values[layer, 0], rollout(layers[: layer + 1])[5], atol=1e-6)
    visit = app("image", quantity="value_weighted", held="q5")
    np.testing.assert_allclose(
        visit.figure("patches")[1]["values"][1], capture.value_weighted(1)[:, 5], atol=1e-6
    )
    visit = app("image", quantity="features", held="q5", layer="2", head="0")
    header, arrays = visit.figure("patches")
    assert (arrays["values"].shape, header["layer"]) == ((4, 1, 17), 2)
    assert header["view"]["places"][2] == "after layer 2"
    np.testing.assert_allclose(arrays["values"][:, 0, 5], 1, atol=1e-5)
    visit.report("patches", "chosen", [[1, 0]])
    assert visit.url["layer"] == "1"


def test_the_label_its_test_and_patches_that_are_covered(app):
    visit = app("image", part="label")
    runtime = get_runtime()
    _header, arrays = visit.figure("patches")
    found = runtime.explain_picture(query(), None, "integrated-gradients", "mean")
    np.testing.assert_allclose(arrays["values"].reshape(4, 4), found.scores, atol=1e-6)
    assert "**The model says 3**" in visit.markdown
    assert "The scores add up to" in visit.markdown
    assert "draws" in visit.markdown
    assert "image_curves" in visit.charts()
    strongest = int(found.scores.argmax())
    visit.report("patches", "position", strongest)
    assert visit.url["covered"] == str(strongest)
    after = runtime.without_patches(query(), (strongest,), "3", "mean")
    assert f"{after.before:.3f} to {after.after:.3f}" in visit.markdown
    assert "3" in visit.changes
    other = (strongest + 1) % 16
    visit.report("patches", "position", other)
    assert visit.url["covered"] == ",".join(map(str, sorted((strongest, other))))
    visit.press("Uncover all")
    assert "covered" not in visit.url
    visit = app("image", part="label", method="attention-relevance", asked='{"label":"8"}', covered="99")
    assert any("do not fit this picture" in each for each in visit.notices)
    assert visit.figure("patches")[0]["view"]["unit"] == "share"


def test_what_leaves_holds_the_picture_only_where_the_reader_agrees(app, drawn):
    visit = app("image")
    assert "picture" not in unpack(drawn[-1].message())[1]
    assert sample() not in str(drawn[-1].settings)
    visit.at.checkbox(key="attnviz_picture_agreed").check().run()
    header, arrays = unpack(drawn[-1].message())
    assert header["agreed"]
    assert arrays["picture"].shape == (8, 8, 3)
    assert len(drawn[-1].table()) == 18
    assert "opens on this server only" in visit.markdown


@looks_into_the_engine
@pytest.mark.parametrize("view", ["attention", "rollout", "features"])
def test_the_python_that_leaves_makes_the_row_again(app, drawn, view):
    import attnviz

    app("image", quantity=view, held="q5", layer="2", head="1")
    capture = get_runtime().capture(query())
    names = {"capture": capture, "model": attnviz.load(MODEL), "picture": "attnviz/examples/digit-3.png"}
    exec("\n".join(drawn[-1].again), names)
    made = names["alike" if view == "features" else "row"]
    np.testing.assert_allclose([row[1] for row in drawn[-1].table()[1:]], made, atol=1e-5)


def test_a_saved_capture_shows_its_patches_without_the_picture(app):
    runtime = get_runtime()
    file = runtime.open(runtime.save(query()), "three.attnviz")
    header, arrays = app("image", model=file.model).figure("patches")
    assert "picture" not in arrays
    np.testing.assert_allclose(arrays["values"][3], runtime.attention(query(), 3)[:, 0], atol=1e-6)
    assert (header["rows"], header["columns"]) == (4, 4)


def test_a_model_of_texts_offers_those_that_look(app):
    visit = app("image", model="minilm")
    assert "does not look at pictures" in visit.markdown
    visit.press("Reads a handwritten digit")
    assert visit.figure("patches")[0]["model"] == MODEL


def png(image: Image.Image) -> bytes:
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def huge() -> bytes:
    """A PNG that says that it has 60,000 x 60,000 pixels."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    return (
        b"\x89PNG\r\n\x1a\n"
        + struct.pack(">I", len(head))
        + chunk
        + struct.pack(">I", zlib.crc32(chunk))
        + struct.pack(">I", 0)
        + b"IDAT"
        + struct.pack(">I", zlib.crc32(b"IDAT"))
    )


def frames() -> bytes:
    file = io.BytesIO()
    parts = [Image.new("RGB", (9, 9), colour) for colour in ("red", "lime", "blue")]
    parts[0].save(file, "GIF", save_all=True, append_images=parts[1:])
    return file.getvalue()


def cmyk() -> bytes:
    file = io.BytesIO()
    Image.new("CMYK", (16, 16), (0, 200, 200, 0)).save(file, "JPEG")
    return file.getvalue()


NOISE = np.random.default_rng(0).integers(0, 256, (64, 64, 3), dtype=np.uint8)
REFUSED = {
    "cut-off.png": (png(Image.fromarray(NOISE))[:900], "damaged or was cut off"),
    "huge.png": (huge(), "far more pixels than the 50,000,000"),
    "no-bytes.png": (b"", "empty"),
    "page.png": (b"<!doctype html><script>alert(1)</script>", "no picture of a format"),
}
TAKEN = {
    "animated.gif": (frames(), "The first of 3 frames is shown."),
    "cmyk.jpg": (cmyk(), "16 x 16 pixels"),
    "deep.png": (png(Image.fromarray(NOISE[..., 0].astype(np.uint16) << 8)), "16-bit"),
}


def test_hostile_files_are_answered_in_clear_words_and_nothing_is_lost(app):
    visit = app("image")
    box = visit.at.file_uploader(key="entry_image")
    before = visit.figure("patches")[1]["picture"]
    for name, (data, words) in REFUSED.items():
        box = visit.at.file_uploader(key="entry_image").set_value((name, data, "image/png"))
        box.run()
        assert any(words in each for each in (*visit.problem, *visit.markdown.split("\n"))), (
            name,
            visit.problem,
        )
        np.testing.assert_array_equal(visit.figure("patches")[1]["picture"], before)
    for name, (data, words) in TAKEN.items():
        visit.at.file_uploader(key="entry_image").set_value((name, data, "image/png")).run()
        assert words in visit.markdown.replace("\\", ""), name
        assert visit.figure("patches")[1]["picture"].shape[2] == 3
