"""Saved files, opened by a server that never imports torch: the same numbers, bounded, refused with a reason."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from waiting import wait_for

from attnviz.errors import CaptureInvalid, ModelUnsupported
from attnviz.runtime import LocalRuntime, Query, Settings
from attnviz.runtime.files import MAX_HEADER

LONG = Query("minilm", "word " * 510)  # 512 tokens with [CLS] and [SEP]
# Opens a file as the app does, looks at every head, and says what it took.
REOPEN = """
import json, sys, time
from pathlib import Path
from attnviz.runtime import LocalRuntime, Settings
data = Path(sys.argv[1]).read_bytes()
runtime, begun = LocalRuntime(Settings(warm=False)), time.perf_counter()
query = runtime.open(data)
opened = time.perf_counter() - begun
rows = [float(abs(runtime.attention(query, layer).sum(-1) - 1).max()) for layer in range(6)]
shape = runtime.overviews(query).cells.shape
table = runtime.statistics(query).values.shape
known = ("torch", "transformers", "tokenizers", "streamlit")
print(json.dumps({"opened": opened, "all": time.perf_counter() - begun, "rows": max(rows), "shape": shape,
                  "table": table, "bytes": len(data), "heavy": [name for name in known if name in sys.modules],
                  "tokens": len(runtime.capture(query).tokens), "name": query.model}))
"""


@pytest.fixture(scope="module")
def saved(runtime: LocalRuntime) -> bytes:
    return runtime.save(runtime.default_query)


def test_512_tokens_reopen_in_a_process_that_never_imports_torch(runtime: LocalRuntime, tmp_path) -> None:
    path = tmp_path / "long.attnviz"
    path.write_bytes(runtime.save(LONG))
    done = subprocess.run([sys.executable, "-c", REOPEN, str(path)], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["heavy"] == []
    assert (seen["tokens"], seen["shape"], seen["table"][1:]) == (512, [6, 12, 64, 64], [6, 12])
    assert seen["rows"] < 1e-5
    maps = 2 * 6 * 12 * 512 * 512 * 4  # of weights and of contributions
    assert seen["bytes"] < maps / 7, "a file is far smaller than the maps that it holds"


def test_an_opened_file_answers_like_the_model(runtime: LocalRuntime, saved: bytes) -> None:
    server = LocalRuntime(Settings(warm=False))
    query = server.open(saved, "one.attnviz")
    assert query.text == runtime.default_query.text
    assert server.opened(query.model) == query
    assert server.card(query.model) == runtime.capture(runtime.default_query).card
    assert server.ready(query)
    for layer in range(6):
        np.testing.assert_allclose(
            server.attention(query, layer), runtime.attention(runtime.default_query, layer), atol=1e-6
        )
    table = server.statistics(query)
    np.testing.assert_allclose(
        table.values, runtime.statistics(runtime.default_query).values, atol=1e-5, equal_nan=True
    )
    assert server.facts().models == ()
    assert server.save(query) == saved
    assert server.open(saved) == query


def test_what_needs_the_model_says_so(saved: bytes) -> None:
    server = LocalRuntime(Settings(warm=False))
    query = server.open(saved)
    assert server.targets(query.model) == ()
    with pytest.raises(ModelUnsupported, match="not the model that made it"):
        server.explain(query)


def test_a_file_that_is_kept_no_longer_says_so(saved: bytes) -> None:
    server = LocalRuntime(Settings(warm=False))
    query = server.open(saved)
    server.engine.free()
    assert server.opened(query.model) is None
    assert server.card(query.model) is None
    assert not server.ready(query)
    with pytest.raises(CaptureInvalid, match=r"no longer kept by this server\. Open it again"):
        server.attention(query, 0, 0)
    assert server.open(saved) == query
    assert server.attention(query, 0, 0).shape[0] > 0


def test_files_are_bounded_among_what_visitors_hold(runtime: LocalRuntime, saved: bytes) -> None:
    server = LocalRuntime(Settings(warm=False, held_mb=8))
    with pytest.raises(CaptureInvalid, match=r"would take [\d,]+ bytes of memory; at most 2,097,152"):
        server.open(runtime.save(LONG), "long.attnviz")
    assert server.held.nbytes == 0
    server.open(saved)
    assert 0 < server.held.nbytes <= server.held.share


def test_a_longer_text_than_the_server_allows_is_refused(saved: bytes) -> None:
    with pytest.raises(
        CaptureInvalid, match=r"one\.attnviz holds a text of \d+ tokens; at most 8 are opened here"
    ):
        LocalRuntime(Settings(warm=False, max_tokens=8)).open(saved, "one.attnviz")


def test_layers_that_multiply_the_work_are_refused(saved: bytes) -> None:
    """The same arrays under a hundred thousand layers are a small file, and days of work."""
    length = int.from_bytes(saved[:8], "little")
    header = json.loads(saved[8 : 8 + length])
    document = json.loads(header["__metadata__"]["attnviz-capture"])
    document["kinds"]["self"] *= 10_000 // len(document["kinds"]["self"])
    header["__metadata__"]["attnviz-capture"] = json.dumps(document)
    text = json.dumps(header).encode()
    assert len(text) < MAX_HEADER
    data = len(text).to_bytes(8, "little") + text + saved[8 + length :]
    with pytest.raises(CaptureInvalid, match="119,952 heads"):
        LocalRuntime(Settings(warm=False)).open(data)


def test_a_flood_of_json_is_refused_unread() -> None:
    flood = b'{"a":' + b"[" * (MAX_HEADER + 10)
    with pytest.raises(CaptureInvalid, match="too large"):
        LocalRuntime(Settings(warm=False)).open(len(flood).to_bytes(8, "little") + flood)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\xff" * 40, b"<html>" * 100])
def test_another_file_is_refused(data: bytes) -> None:
    with pytest.raises(CaptureInvalid, match=r"x\.attnviz is not an AttnViz capture"):
        LocalRuntime(Settings(warm=False)).open(data, "x.attnviz")


@pytest.mark.parametrize("what", ["open", "save", "archive"])
def test_files_are_opened_and_made_in_turn(saved: bytes, what: str) -> None:
    server = LocalRuntime(Settings(warm=False))
    query = server.open(saved)
    if what == "open":
        server.engine.free()
    work = {
        "open": lambda: server.open(saved),
        "save": lambda: server.save(query),
        "archive": lambda: server.archive(query, 0, 0),
    }
    with ThreadPoolExecutor(1) as pool:
        with server.engine.gate.turn():
            waiting = pool.submit(work[what])
            wait_for(lambda: server.waiting)
            assert not waiting.done()
        assert waiting.result(20)
