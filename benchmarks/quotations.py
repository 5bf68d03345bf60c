"""Answers traced to their passage: how many tokens land where they stand, by heads that copy, by all, and by chance.

    python benchmarks/quotations.py [MODEL] [--tokens 24] [--plain]

The heads that copy are chosen, for each token, by what they did for the other tokens of the same answer.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

PASSAGES = {
    "The lighthouse on Gull Island was built in 1874 by Margaret Hollis, a stone mason from Leeds. It is 31 metres "
    "tall and was painted green during the war.": (
        "Who built the lighthouse?", "How tall is it?", "Which colour was it painted?",
    ),
    "Bread rises because yeast eats the sugar in the dough and gives off gas. Salt slows the yeast down. Bakers let "
    "the dough rest for two hours, then bake it at 230 degrees for half an hour.": (
        "Why does bread rise?", "What does salt do?", "How long does the dough rest?",
    ),
    "The river Aral once fed a large lake. In the sixties its water was led away to grow cotton, and within thirty "
    "years most of the lake had dried up. Fishing boats still lie in the sand near Moynaq.": (
        "What was the water used for?", "Where do the boats lie?",
    ),
}  # fmt: skip


def main() -> None:
    """Measure and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("model", nargs="?", default="smollm2")
    parser.add_argument("--tokens", type=int, default=24)
    parser.add_argument(
        "--plain", action="store_true", help="a prompt to go on with, in place of the chat template"
    )
    given = parser.parse_args()
    from attnviz.runtime import Draft, LocalRuntime, Query, Settings
    from attnviz.text.prompts import prompt_for

    runtime = LocalRuntime(Settings(device="cpu", dtype="float32", warm=False))
    chat = runtime.reading(given.model, lambda stage: None).chat and not given.plain
    card = runtime.info(Query(given.model, "a text")).card
    totals = {"heads that copy": [0, 0, 0], "mean of all heads": [0, 0, 0]}
    known, chance = 0, 0.0
    for passage, questions in PASSAGES.items():
        for question in questions:
            made = prompt_for("question", passage, question, kind=card.kind, family=card.family, chat=chat)
            written = runtime.write(Draft(Query(given.model, made.text, chat=made.chat)), given.tokens)
            print(f"{question:32} {written.tokens.text.strip()!r}")
            for name, total in totals.items():
                found = runtime.quotations(written.draft, made.passage, None, name == "heads that copy")
                assert found is not None
                links = found.links
                sure = links.sure & links.known
                for n, count in enumerate((links.hits.sum(), sure.sum(), (links.hits & sure).sum())):
                    total[n] += int(count)
            known, chance = known + int(links.known.sum()), chance + links.chance_hits
    print(f"\n{known} tokens of the answers stand in their passage; an even spread would hit {chance:.1f}")
    for name, (hits, sure, right) in totals.items():
        print(
            f"{name:20} hit {hits:4d} ({hits / known:.2f}); named a place for {sure:4d}, {right} of them right"
        )


if __name__ == "__main__":
    main()
