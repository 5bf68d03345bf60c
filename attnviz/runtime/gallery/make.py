"""`python -m attnviz.runtime.gallery.make` makes the stored examples anew, with the real model on the processor.

To be run when the model, the format of captures or an example's text changes; tests compare the files with what
the model says today.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from attnviz.runtime import gallery
from attnviz.runtime.gallery.records import attribution_to_json

if TYPE_CHECKING:
    from attnviz.capture import Model


def make(folder: Path = gallery.FOLDER) -> list[Path]:
    """Write the capture of every stored example and, for two texts, its attributions by every method."""
    from attnviz.capture import load_model

    folder.mkdir(parents=True, exist_ok=True)
    model = load_model(gallery.MODEL, device="cpu", dtype="float32")
    written = []
    for example in gallery.EXAMPLES:
        if not example.stored:
            continue
        query = example.query
        model.capture(query.text, query.pair, query.target_text).save(gallery.capture_path(example, folder))
        written.append(gallery.capture_path(example, folder))
        if query.pair:
            written.append(_attributions(model, example, folder))
    return written


def _attributions(model: Model, example: gallery.Example, folder: Path) -> Path:
    from attnviz.explanation import explain, methods

    path = gallery.attributions_path(example, folder)
    made = [
        explain(model, example.text, pair=example.pair, method=method.name, target="similarity")
        for method in methods()
    ]
    plain = [attribution_to_json(each) for each in made]
    path.write_text(json.dumps(plain, ensure_ascii=False, indent=None) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    for path in make():
        sys.stdout.write(f"{path.name}: {path.stat().st_size:,} bytes\n")
