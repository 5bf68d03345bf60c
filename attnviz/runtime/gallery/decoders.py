"""Examples for a decoder, with what SmolLM2 makes of each: who gets the drink, repetition, agreement, facts, code."""

from __future__ import annotations

from attnviz.runtime.gallery.example import Example
from attnviz.runtime.query import Query

DECODER = "smollm2"

DECODER_EXAMPLES = (
    Example(
        "indirect-object",
        "Who gets the drink?",
        Query(DECODER, "When Mary and John went to the store, John gave a drink to"),
        "The model goes on with “Mary”. In layer 24, head 4, the last “to” pays her .81 of its attention.",
        place=(24, 4),
    ),
    Example(
        "repetition",
        "The same sentence twice",
        Query(
            DECODER,
            "The river took the blue boat past seven quiet mills. "
            "The river took the blue boat past seven quiet mills.",
        ),
        "Induction: in layer 17, head 5, each word of the second sentence looks at what came after it in the first.",
        place=(17, 5),
    ),
    Example(
        "previous-token",
        "One word back",
        Query(DECODER, "The quick brown fox jumps over the lazy dog near the river bank."),
        "Layer 16, head 0 looks at the token just before. Induction needs such a head: it marks what came after what.",
        place=(16, 0),
    ),
    Example(
        "decoder-sink",
        "The first token takes it all",
        Query(DECODER, "Once upon a time there was a little girl who lived in a village near the forest."),
        "Two thirds of all attention go to “Once”, only because it comes first: heads with nothing to find rest there.",
        page="allocation",
        place=(18, 7),
    ),
    Example(
        "decoder-agreement",
        "The keys are, the cabinet is",
        Query(DECODER, "The keys to the old wooden cabinet"),
        "“are” and “were” come first, though “cabinet” is nearer: in layer 26, head 0, it looks back at “keys” (.91).",
        place=(26, 0),
    ),
    Example(
        "fact",
        "A fact, layer by layer",
        Query(DECODER, "The capital of France is"),
        "“Paris” (77 %) comes only out of the last layer. In layer 23, head 4, “is” looks at “France” (.90).",
        page="layers",
        place=(23, 4),
    ),
    Example(
        "decoder-code",
        "Code to go on with",
        Query(DECODER, "def add(first, second):\n    return first +"),
        "The model goes on with “second” (95 %). In layer 23, head 7, “+” looks at that parameter (.67).",
        place=(23, 7),
    ),
)
