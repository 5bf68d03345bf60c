"""How tokens are chosen: temperature, top-k, top-p and a seed, as controls and as they stand in the address."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import streamlit as st

from attnviz.web.state import session

if TYPE_CHECKING:
    from attnviz.runtime import Draft, Query
    from attnviz.web.state.address import State


class Settings(NamedTuple):
    """As in `Model.write`."""

    temperature: float = 0.0
    top_k: int | None = None
    top_p: float | None = None
    seed: int = 0


def settings(state: State) -> Settings:
    """What the address says; the default, and a notice, where it cannot be used."""
    if not state.drawn:
        return Settings()
    try:
        heat, kept, share, seed = state.drawn.split("_")
        found = Settings(
            float(heat or 0), int(kept) if kept else None, float(share) if share else None, int(seed or 0)
        )
        if found.temperature <= 5 and found.top_k != 0 and (found.top_p is None or 0 < found.top_p <= 1):
            return found
    except ValueError:
        pass
    session.notice("How tokens are chosen cannot be read from the link; the likeliest one is.")
    return Settings()


def draft(query: Query, chosen: Settings, ids: tuple[int, ...]) -> Draft:
    """The question to the runtime."""
    from attnviz.runtime import Draft

    return Draft(query, ids, *chosen)


def words(given: Draft) -> str:
    """How tokens are chosen, in words."""
    if given.temperature == 0:
        return "always the likeliest"
    cuts = [f"the likeliest {given.top_k}"] if given.top_k else []
    cuts += [f"the likeliest that hold {given.top_p:.0%}".replace("%", " %")] if given.top_p else []
    among = f", from {' and '.join(cuts)}" if cuts else ""
    return f"drawn at temperature {given.temperature:g}{among}, seed {given.seed}"


def controls(given: Draft) -> None:
    """The four numbers."""
    with st.popover("How tokens are chosen", icon=":material/casino:"):
        st.slider(
            "Temperature", 0.0, 2.0, step=0.1, key=session.follow("drawn_temperature", min(2.0, given.temperature)),
            on_change=_changed, help="0 always takes the likeliest token; the higher, the flatter the choice.",
        )  # fmt: skip
        drawn = given.temperature > 0
        st.slider(
            "Top-k: only so many of the likeliest (0: no limit)", 0, 100,
            key=session.follow("drawn_top_k", min(100, given.top_k or 0)), on_change=_changed, disabled=not drawn,
        )  # fmt: skip
        st.slider(
            "Top-p: only the likeliest that together hold this share", 0.05, 1.0, step=0.05,
            key=session.follow("drawn_top_p", given.top_p or 1.0), on_change=_changed, disabled=not drawn,
        )  # fmt: skip
        st.number_input(
            "Seed", 0, 9999, step=1, key=session.follow("drawn_seed", min(9999, given.seed)), on_change=_changed,
            disabled=not drawn, help="The same seed draws the same tokens.",
        )  # fmt: skip


def _changed() -> None:
    heat, kept, share, seed = (
        st.session_state[f"drawn_{name}"] for name in ("temperature", "top_k", "top_p", "seed")
    )
    if heat == 0:
        session.update(drawn=None)
        return
    top_p = "" if share >= 1 else f"{share:g}"
    session.update(drawn=f"{heat:g}_{kept or ''}_{top_p}_{seed or ''}")
