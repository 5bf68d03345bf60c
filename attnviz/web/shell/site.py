"""The site map: everything that is said of a page beside what it draws.

A new page is an entry here, a script of its name in the section's folder of `pages/`, and a room of its name in
`web/pages/` whose module `content` has a function `draw`.
"""

from __future__ import annotations

from dataclasses import dataclass

SECTIONS = ("Look", "Explain", "Learn")
READS_ITSELF = "heatmap"  # the figure that shows its text, to be read
SHOWS_PICTURE = "patches"  # the figure that shows the picture itself
ATTENTION = "Look"  # the section whose pages show attention


@dataclass(frozen=True)
class Entry:
    """A page.

    Attributes:
        name: its address, its script and its room. title, explanation: its heading. summary: its tooltip.
        figure: what it draws first, a name of `attnviz.figures.component`; "" for a page without a figure.
        asks: whether it draws one question, which is then asked for it; otherwise `draw` takes the state alone.
        kinds: of models, where it takes some only.
        together: whether two texts can be read together there, as one.
        media: whether it shows pictures and sounds, too; the others read text.
    """

    name: str
    section: str
    title: str
    summary: str
    explanation: str
    figure: str
    asks: bool = True
    media: bool = False
    together: bool = False
    kinds: tuple[str, ...] = ()

    @property
    def script(self) -> str:
        """The path of the script from the folder of app.py."""
        return f"pages/{self.section.lower()}/{self.name}.py"


SITE: tuple[Entry, ...] = (
    Entry(
        "attention",
        "Look",
        "Attention",
        "One head up close: who looks at whom.",
        "Each row is one token of your text; the stronger a colour in it, the more the token looks there. "
        "A row of attention weights adds up to 1.",
        "heatmap",
        media=True,
        together=True,
    ),
    Entry(
        "why",
        "Look",
        "Why there?",
        "Why a head looks where it looks, and what it does with what it reads.",
        "A score of attention is a sum: each part was written into the query’s or the key’s stream by an embedding, an "
        "earlier head or a feed-forward layer. See which part made the head look there, where that came from, and what "
        "the head does with it.",
        "why",
        together=True,
    ),
    Entry(
        "heads",
        "Look",
        "All heads",
        "Every head of every layer side by side.",
        "Each small picture is the attention map of one head; layers go down, heads go across. Point at one to read "
        "its statistics, click it to open it, or mark two to four of them to compare them below.",
        "heads",
        media=True,
        together=True,
    ),
    Entry(
        "compare",
        "Look",
        "Compare",
        "Two heads, texts or models side by side, with their difference.",
        "What changed when you changed one word? What does another head do, or another model? Which heads are alike? "
        "Each text is read alone.",
        "panes",
        asks=False,
    ),
    Entry(
        "allocation",
        "Look",
        "Where attention goes",
        "The share of attention by kind of token, text and distance, and from paragraph to paragraph.",
        "Each token spreads an attention of 100 % over the tokens of the text. Which kinds of token get it, in which "
        "layers and heads? Which sentence looks at which?",
        "allocation",
        together=True,
    ),
    Entry(
        "bertviz",
        "Look",
        "Classic BertViz",
        "BertViz's own head view and model view.",
        "The head view and the model view of BertViz (Vig 2019), drawn by its own code: a line for each attention "
        "weight, the more opaque the larger.",
        "frame",
        together=True,
    ),
    Entry(
        "alignment",
        "Look",
        "Translation",
        "Which source words each word of a translation was read from.",
        "A translator writes one word after another, and looks back at the source for each. Point at a word to see "
        "what it was read from; choose another word, or another source for it, and see how the translation goes on.",
        "alignment",
    ),
    Entry(
        "generation",
        "Look",
        "Generation",
        "A text as a model writes it, token by token, with the ways not taken.",
        "Let a model write, one token at a time: what else it could have said, how sure it was, and what each head "
        "read. Choose another token to part from there; nothing that was written is lost.",
        "writing",
        kinds=("decoder", "encoder-decoder"),
    ),
    Entry(
        "image",
        "Look",
        "Pictures",
        "Where a patch of a picture looks, and which patches made the label.",
        "A vision model cuts a picture into patches and lets each look at all others. Choose one, or [CLS], to see "
        "where it looks, head by head; of a classifier, see which patches made the label, and cover some.",
        "patches",
        media=True,
    ),
    Entry(
        "attribution",
        "Explain",
        "Attribution",
        "Which words made the model's result.",
        "How much did each word contribute to the result? Gradients and leaving words out ask what changes it; "
        "attention and rollout say only where the model looked.",
        "words",
    ),
    Entry(
        "ablation",
        "Explain",
        "Change it and see",
        "Switch heads off, take words away, force attention: what becomes of the result.",
        "What does the model need? Switch off heads or whole layers, take words away or swap them, or force where a "
        "token looks, and read the result before and after.",
        "switches",
    ),
    Entry(
        "layers",
        "Explain",
        "Layer by layer",
        "What the model would say after each of its layers.",
        "What would the model say if it stopped after each of its layers? See where its answer comes about, and which "
        "layer makes it.",
        "results",
    ),
    Entry(
        "report",
        "Explain",
        "Report",
        "The figures that you pinned, with notes, as one file to hand on.",
        "Collect the figures that make your case, say what they show, and save them as one file that anybody can open, "
        "offline, and print.",
        "",
        asks=False,
    ),
)
DEFAULT = "attention"
HOME = "home"  # the default page under its second address: Streamlit serves it at `/`


def entry(name: str) -> Entry:
    """The entry of a page. Raises StopIteration where there is none."""
    return next(each for each in SITE if each.name == name)
