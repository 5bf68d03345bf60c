"""What the pictures of an explanation are titled and what their colours mean: one place for all that show its words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from attnviz.web import session

if TYPE_CHECKING:
    from attnviz.explain import MethodInfo, TargetInfo
    from attnviz.runtime import Query

# The legend's short forms; in full they stand in the declarations of targets and methods.
LEGEND = {
    "similarity": ("makes the texts more similar", "makes them less similar"),
    "label": ("speaks for the label", "speaks against it"),
    "label-difference": ("speaks for the first label", "speaks for the second"),
    "label-prompt": ("speaks for the first label", "speaks for the second"),
    "next-token": ("makes this token more likely", "makes it less likely"),
    "token-difference": ("speaks for the first token", "speaks for the second"),
    "masked-token": ("helps to this guess", "speaks against it"),
    "sequence": ("makes the continuation more probable", "makes it less probable"),
}


def words(query: Query, target: TargetInfo, method: MethodInfo) -> dict[str, Any]:
    """The titles and meanings that `words_data` takes."""
    towards, away = LEGEND.get(target.name, ("", ""))
    return {
        "towards": towards if method.signed else "takes more part in the result",
        "away": away,
        "unit": target.unit if method.signed else "share",
        "text_title": "Text",
        "pair_title": "Second text",
        "method_title": method.title,
        "target_title": target.title,
        "model": session.model_name(query.model),
    }
