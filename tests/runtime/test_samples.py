"""Pictures and sounds that come along: what the catalogue names is there, and is read by its model."""

import pytest

from attnviz.errors import UnknownName
from attnviz.runtime import LocalRuntime, Query, Settings
from attnviz.runtime.gallery.samples import SAMPLES
from attnviz.types import Frames, Patches
from tests.fetched import fetched

MEDIA = {"image": "image", "speech": "audio"}


def test_the_catalogue_names_files_that_come_along(runtime: LocalRuntime) -> None:
    named: dict[str, tuple[str, ...]] = {}
    for card in runtime.catalog():
        if card.modality in MEDIA:
            named[MEDIA[card.modality]] = named.get(MEDIA[card.modality], ()) + card.examples
    assert named == SAMPLES
    for medium, files in named.items():
        for file in files:
            assert runtime.holds(Query("minilm", "", **{medium: runtime.sample(medium, file)}))
    with pytest.raises(UnknownName, match=r"flower\.jpg"):
        runtime.sample("image", "../catalog.toml")


@pytest.mark.slow
def test_the_models_read_them_and_padding_takes_no_room() -> None:
    for name in ("dinov2-small", "whisper-tiny-en"):
        fetched(name)
    runtime = LocalRuntime(Settings(device="cpu", dtype="float32"))
    picture = Query("dinov2-small", "", image=runtime.sample("image", "flower.jpg"))
    tokens = runtime.info(picture).tokens
    assert isinstance(tokens, Patches)
    assert (tokens.rows, tokens.columns, tokens.labels[:2]) == (16, 16, ("[CLS]", "0, 0"))
    sound = Query("whisper-tiny-en", "", audio=runtime.sample("audio", "spoken.flac"))
    heard = runtime.info(sound)
    assert isinstance(heard.tokens, Frames)
    assert len(heard.tokens) == 1500
    assert heard.kinds["cross"].queries.text.endswith("The cat is sleeping.")
    small = runtime.overviews(sound, 64, "cross")
    assert small.cells.shape[3] == 56, "112 frames are heard, two in a cell"
    whole = runtime.attention(sound, 3, 1, "cross", unit="frame")
    assert whole.shape[1] == 113
    assert whole.sum(1) == pytest.approx(1, abs=1e-4)
    assert small.weights[3, 1].max() == pytest.approx(runtime.attention(sound, 3, 1, "cross")[:, :112].max())
