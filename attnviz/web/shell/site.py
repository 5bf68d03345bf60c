"""The site map: one line for each page. Adding a page is a script in a subfolder of pages/ and a line here."""

from __future__ import annotations

from dataclasses import dataclass

SECTIONS = ("Look", "Explain", "Learn")


@dataclass(frozen=True)
class Entry:
    """A page: `name` is its address and the stem of its script, `summary` its tooltip."""

    name: str
    section: str
    title: str
    script: str
    summary: str


SITE: tuple[Entry, ...] = (
    Entry(
        "attention", "Look", "Attention", "pages/look/attention.py", "One head up close: who looks at whom."
    ),
    Entry("heads", "Look", "All heads", "pages/look/heads.py", "Every head of every layer side by side."),
    Entry(
        "compare",
        "Look",
        "Compare",
        "pages/look/compare.py",
        "Two texts, all heads with each other, and who looks from here to there.",
    ),
    Entry(
        "allocation",
        "Look",
        "Where attention goes",
        "pages/look/allocation.py",
        "The share of attention by kind of token, text and distance, and from paragraph to paragraph.",
    ),
    Entry(
        "bertviz",
        "Look",
        "Classic BertViz",
        "pages/look/bertviz.py",
        "BertViz's own head view and model view.",
    ),
    Entry(
        "attribution",
        "Explain",
        "Attribution",
        "pages/explain/attribution.py",
        "Which words made the model's result.",
    ),
    Entry(
        "ablation",
        "Explain",
        "Change it and see",
        "pages/explain/ablation.py",
        "Switch heads off, take words away, force attention: what becomes of the result.",
    ),
    Entry(
        "layers",
        "Explain",
        "Layer by layer",
        "pages/explain/layers.py",
        "What the model would say after each of its layers.",
    ),
    Entry(
        "report",
        "Explain",
        "Report",
        "pages/explain/report.py",
        "The figures that you pinned, with notes, as one file to hand on.",
    ),
)
DEFAULT = "attention"
HOME = "home"  # the address of the default page's twin, where Streamlit serves `/`
