"""How faithful each attribution method is, and what it costs: twenty pairs of sentences, similarity by MiniLM.

Prints one row per method: comprehensiveness (how far the cosine falls without the first words, mean over ten
fractions; higher is better), sufficiency (how far it falls with them alone; lower is better), on how many of the forty
texts it beats every one of five random orders, and the CPU time for a pair. Tokens are hidden by the attention mask
(--operator delete or mask for the others); both texts of a pair are tested; special tokens stay.

The sentences end without a full stop. With --stops they get one: much attention goes to it, rollout then takes it
away first, and is no better than random orders.

    python benchmarks/faithfulness.py [--operator attention-mask] [--stops] [--json]
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
ORDER = ("integrated-gradients", "attention (mean)", "rollout", "random")


def measure(operator: str, stop: str) -> list[dict[str, Any]]:
    """One record per method, and one for random orders."""
    import numpy as np

    from attnviz.capture import load_model
    from attnviz.explanation import explain, faithfulness, random_orders

    model = load_model("minilm", device="cpu", dtype="float32")
    explain(model, *PAIRS[0][:1], pair=PAIRS[0][1], method="attention")  # the first pass of a process is slow
    found: dict[str, dict[str, list[float]]] = {}

    def note(row: str, **values: float) -> None:
        for name, value in values.items():
            found.setdefault(row, {}).setdefault(name, []).append(value)

    for text, other in ((one + stop, two + stop) for one, two in PAIRS):
        random: dict[int, Any] = {}
        for row, method, options in ROWS:
            start = time.process_time()
            attribution = explain(model, text, pair=other, method=method, **options)
            note(row, seconds=time.process_time() - start)
            for side in (0, 1):
                if side not in random:
                    random[side] = random_orders(model, attribution, operator, side=side)
                test = faithfulness(model, attribution, operator, side=side, random=random[side])
                note(row, comprehensiveness=test.comprehensiveness, sufficiency=test.sufficiency)
                note(row, beats=float(test.beats_random))
                if row == ROWS[0][0]:
                    note("random", comprehensiveness=float(test.random_comprehensiveness.mean()))
                    note("random", sufficiency=float(test.random_sufficiency.mean()))
    return [
        {"method": row, **{name: float(np.mean(values)) for name, values in columns.items()}}
        for row, columns in sorted(found.items(), key=lambda item: -np.mean(item[1]["comprehensiveness"]))
    ]


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--operator", default="attention-mask", choices=("attention-mask", "delete", "mask"))
    parser.add_argument("--stops", action="store_true", help="end every sentence with a full stop")
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args()
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    rows = measure(arguments.operator, "." if arguments.stops else "")
    values = {row["method"]: row["comprehensiveness"] for row in rows}
    if arguments.json:
        print(json.dumps(rows, indent=1))
    else:
        print(f"{'method':24}{'comprehensiveness':>18}{'sufficiency':>13}{'beats random':>14}{'CPU s':>8}")
        for row in rows:
            beats = f"{40 * row['beats']:.0f} of 40" if "beats" in row else ""
            seconds = f"{row['seconds']:.2f}" if "seconds" in row else ""
            numbers = f"{row['comprehensiveness']:>18.3f}{row['sufficiency']:>13.3f}"
            print(f"{row['method']:24}{numbers}{beats:>14}{seconds:>8}")
    holds = all(values[one] > values[two] for one, two in itertools.pairwise(ORDER))
    print(f"{' > '.join(ORDER)}: {'holds' if holds else 'DOES NOT HOLD'}", file=sys.stderr)
    return 0 if holds else 1


if __name__ == "__main__":
    sys.exit(main())
