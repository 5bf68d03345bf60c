"""How faithful each attribution method is, and what it costs: twenty pairs of sentences by MiniLM, or a decoder.

Prints one row per method: comprehensiveness (how far the result falls without the first words, mean over ten
fractions; higher is better), sufficiency (how far it falls with them alone; lower is better), on how many of the texts
it lies above the interval of twenty random orders, on how many of those where its scores claim to sum up they do, and
the CPU time for a question. Tokens are hidden by the attention mask (--operator delete or mask for the others); special
tokens stay. Of MiniLM, both texts of a pair are tested, and the result is their similarity.

The sentences end without a full stop. With --stops they get one: much attention goes to it, rollout then takes it
away first, and is no better than random orders.

With --decoder, a directory or Hub id, the result is the logit of the next token of ten prompts, less that of the
runner-up. The first token stays, as in models that add one; with --first it is taken away, too. Shapley values are
left out for their cost. What comes first here is what pages open on (DEFAULT_METHODS of attribution/registry.py).

    python benchmarks/faithfulness.py [--decoder DIRECTORY [--first]] [--operator attention-mask] [--stops] [--json]
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

PAIRS = (
    ("The chef burned the onions, so dinner was late", "Our meal was delayed because the cook ruined the food"),
    ("A small boat crossed the lake before sunrise", "Early in the morning somebody rowed over the water"),
    ("The train to Lyon leaves from platform nine", "Passengers for Lyon must go to track nine"),
    ("She lost her keys somewhere in the park", "The woman cannot find the keys to her flat"),
    ("Heavy rain flooded the streets of the old town", "After the storm the centre was under water"),
    ("He repaired the bicycle with a piece of wire", "With some wire the boy fixed his bike"),
    ("The orchestra played a quiet piece by Debussy", "Musicians performed a soft composition"),
    ("Two children are building a castle of sand", "Kids play with sand on the beach"),
    ("The company raised its prices for the third time", "Customers have to pay more again this year"),
    ("My grandmother grows tomatoes behind the house", "There are vegetables in the garden of an old lady"),
    ("The doctor told him to sleep more and drink less coffee", "A physician advised the patient to rest"),
    ("Nobody in the village had ever seen snow", "The people there did not know what snow looks like"),
    ("The museum shows paintings from the nineteenth century", "Old pictures are exhibited in the gallery"),
    ("A dog waited in front of the bakery for an hour", "The animal sat patiently outside the shop"),
    ("The engineer checked every bolt of the bridge", "All parts of the bridge were inspected"),
    ("They sold their car and bought a sailing boat", "The couple now owns a yacht instead of a car"),
    ("The film was far too long, but the ending was lovely", "I liked how the movie ended"),
    ("A thief stole the painting during the night", "The picture disappeared while the guards slept"),
    ("Farmers in the valley hope for a dry summer", "Agriculture there depends on the weather"),
    ("The teacher explained fractions with an apple pie", "Pupils learned mathematics from a cake"),
)  # fmt: skip
# Row, method, options. Shapley values take by far the longest.
ROWS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("integrated-gradients", "integrated-gradients", {}),
    ("leave-one-out", "leave-one-out", {}),
    ("shapley", "shapley", {}),
    ("token-pairs", "token-pairs", {}),
    ("attention-relevance", "attention-relevance", {}),
    ("gradient-norm", "gradient-norm", {}),
    ("gradient-times-input", "gradient-times-input", {}),
    ("attention (mean)", "attention", {"layer": "mean"}),
    ("attention (last layer)", "attention", {}),
    ("value-weighted", "value-weighted", {}),
    ("rollout", "rollout", {}),
)
PROMPTS = (
    "The capital of France is",
    "When Mary and John went to the store, John gave a drink to",
    "The keys to the old wooden cabinet in the hall",
    "Water freezes at zero degrees and boils at one hundred",
    "She poured the coffee into a cup and added some milk and",
    "The opposite of hot is cold, and the opposite of tall is",
    "Yesterday it rained all day, so the streets were",
    "My grandmother was born in Italy, and so her favourite language is",
    "The doctor looked at the patient and said that he should stop smoking",
    "In 1969 the first men landed on the",
)
DECODER_ROWS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    *(row for row in ROWS if row[1] not in ("shapley", "token-pairs", "rollout")),
    ("rollout (without first)", "rollout", {}),
    ("rollout (of the paper)", "rollout", {"without_first": False}),
)
ORDER = ("integrated-gradients", "attention (mean)", "rollout", "random")


class Table:
    """Numbers by row and column, of any number of texts."""

    def __init__(self) -> None:
        self.found: dict[str, dict[str, list[float]]] = {}

    def note(self, row: str, **values: float) -> None:
        for name, value in values.items():
            self.found.setdefault(row, {}).setdefault(name, []).append(value)

    def note_test(self, row: str, test: Any, attribution: Any, with_random: bool) -> None:
        self.note(row, comprehensiveness=test.comprehensiveness, sufficiency=test.sufficiency)
        self.note(row, beats=float(bool(test.beats_random)))
        if attribution.sum_holds is not None:
            self.note(row, sums=float(attribution.sum_holds))
        if with_random:
            self.note("random", comprehensiveness=float(test.random_comprehensiveness.mean()))
            self.note("random", sufficiency=float(test.random_sufficiency.mean()))

    def means(self) -> list[dict[str, Any]]:
        """One record per row, the highest comprehensiveness first; beats and sums with the number of texts."""
        import numpy as np

        order = sorted(self.found.items(), key=lambda item: -np.mean(item[1]["comprehensiveness"]))
        return [
            {
                "method": row,
                "texts": len(columns["sufficiency"]),
                **{name: float(np.mean(values)) for name, values in columns.items()},
            }
            for row, columns in order
        ]


def measure(operator: str, stop: str) -> list[dict[str, Any]]:
    """One record per method, and one for random orders, of MiniLM."""
    from attnviz.capture import load_model
    from attnviz.explanation import explain, faithfulness, random_orders

    model = load_model("minilm", device="cpu", dtype="float32")
    explain(model, *PAIRS[0][:1], pair=PAIRS[0][1], method="attention")  # the first pass of a process is slow
    table = Table()
    for text, other in ((one + stop, two + stop) for one, two in PAIRS):
        random: dict[int, Any] = {}
        for row, method, options in ROWS:
            start = time.process_time()
            attribution = explain(model, text, pair=other, method=method, **options)
            table.note(row, seconds=time.process_time() - start)
            for side in (0, 1):
                if side not in random:
                    random[side] = random_orders(model, attribution, operator, side=side)
                test = faithfulness(model, attribution, operator, side=side, random=random[side])
                table.note_test(row, test, attribution, row == ROWS[0][0])
    return table.means()


def measure_decoder(name: str, operator: str, keep_first: bool) -> list[dict[str, Any]]:
    """One record per method, and one for random orders, of a decoder."""
    from attnviz.capture import load_model
    from attnviz.explanation import explain, faithfulness, random_orders

    model = load_model(name, device="cpu", dtype="float32")
    explain(model, PROMPTS[0], method="attention")
    table = Table()
    for number, text in enumerate(PROMPTS):
        random = None
        for row, method, options in DECODER_ROWS:
            start = time.process_time()
            attribution = explain(model, text, "token-difference", method=method, **options)
            table.note(row, seconds=time.process_time() - start)
            if random is None:
                random = random_orders(model, attribution, operator, keep_first=keep_first)
            test = faithfulness(model, attribution, operator, keep_first=keep_first, random=random)
            table.note_test(row, test, attribution, row == DECODER_ROWS[0][0])
        print(f"{number + 1} of {len(PROMPTS)} prompts", file=sys.stderr)
    return table.means()


def show(rows: list[dict[str, Any]]) -> None:
    """The records as a table."""
    columns = ("method", "comprehensiveness", "sufficiency", "beats random", "sums check", "CPU s")
    print(f"{columns[0]:26}{columns[1]:>18}{columns[2]:>13}{columns[3]:>14}{columns[4]:>12}{columns[5]:>8}")
    for row in rows:
        beats, sums = (
            f"{row['texts'] * row[name]:.0f} of {row['texts']}" if name in row else ""
            for name in ("beats", "sums")
        )
        seconds = f"{row['seconds']:.2f}" if "seconds" in row else ""
        numbers = f"{row['comprehensiveness']:>18.3f}{row['sufficiency']:>13.3f}"
        print(f"{row['method']:26}{numbers}{beats:>14}{sums:>12}{seconds:>8}")


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--operator", default="attention-mask", choices=("attention-mask", "delete", "mask"))
    parser.add_argument("--stops", action="store_true", help="end every sentence with a full stop")
    parser.add_argument("--decoder", help="a decoder in place of MiniLM")
    parser.add_argument("--first", action="store_true", help="let the first token be taken away")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    if arguments.decoder:
        rows = measure_decoder(arguments.decoder, arguments.operator, not arguments.first)
    else:
        rows = measure(arguments.operator, "." if arguments.stops else "")
    if arguments.json:
        print(json.dumps(rows, indent=1))
    else:
        show(rows)
    values = {row["method"]: row["comprehensiveness"] for row in rows}
    order = ("leave-one-out", "random") if arguments.decoder else ORDER
    holds = all(values[one] > values[two] for one, two in itertools.pairwise(order))
    print(f"{' > '.join(order)}: {'holds' if holds else 'DOES NOT HOLD'}", file=sys.stderr)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
