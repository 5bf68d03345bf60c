"""What both parts of the page of pictures have: example pictures, the copy that is shown, and whether files hold it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import streamlit as st

from attnviz.figures import PATCH_FORMS
from attnviz.web.state import session

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from attnviz.runtime import Query
    from attnviz.web.state.address import State

AGREED = "attnviz_picture_agreed"
AGREE = "Files, pins and reports may hold a small copy of the picture"


def samples(query: Query) -> None:
    """The pictures that come along with the model, each a button."""
    card = next((each for each in session.runtime().catalog() if each.name == query.model), None)
    for file in card.examples if card is not None and card.modality == "image" else ():
        name = file.rpartition(".")[0].replace("-", " ").capitalize()
        st.button(name, key=f"picture_{file}", on_click=_take, args=(file,), icon=":material/image:")


def _take(file: str) -> None:
    session.update(image=session.runtime().sample("image", file))


def agreement() -> None:
    """Whether what leaves this page may show the picture; nothing does before the reader agrees."""
    st.checkbox(
        AGREE,
        key=AGREED,
        help="Without it, what you save, pin or download shows the numbers over a plain ground. A capture that is "
        "saved for AttnViz never holds the picture.",
    )


@dataclass(frozen=True)
class Shown:
    """The copy that the page shows, and whether the reader agrees that it leaves the page."""

    pixels: npt.NDArray[np.uint8] | None
    agreed: bool

    def copy(self, leaves: bool) -> npt.NDArray[np.uint8] | None:
        """What a figure gets; of one that `leaves`, nothing where the reader has not agreed."""
        return self.pixels if self.agreed or not leaves else None


def shown(query: Query) -> Shown:
    """What there is to show now: asked in the run of the page, since files are made after it."""
    return Shown(session.runtime().thumbnail(query), bool(st.session_state.get(AGREED)))


def form(state: State) -> str:
    """How values are laid over the picture."""
    return session.choose("form", state.form, PATCH_FORMS, PATCH_FORMS[0])
