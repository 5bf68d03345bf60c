"""Errors as a person meets them: a calm headline, what happened, what to do. Never a stack trace by default.

Messages may quote what a user typed, so they are shown as plain text.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from attnviz import errors
from attnviz.web.escape import plain

HEADLINES: tuple[tuple[type[Exception], str], ...] = (
    (errors.HubUnreachable, "The model library cannot be reached"),
    (errors.ModelNotFound, "There is no such model"),
    (errors.FetchFailed, "The model could not be fetched"),
    (errors.ModelUnsupported, "This model cannot be shown"),
    (errors.ModelTooLarge, "This model is too large for this machine"),
    (errors.InputEmpty, "There is no text to look at"),
    (errors.InputTooLong, "The text is too long"),
    (errors.UnknownName, "That choice does not exist"),
    (errors.TargetUnsupported, "This model cannot be asked that question"),
    (errors.CaptureInvalid, "The stored picture cannot be read"),
    (errors.DeviceMemoryExhausted, "The machine ran out of memory"),
    (errors.Cancelled, "Stopped"),
    (errors.AttnVizError, "That did not work"),
)
UNEXPECTED = "Something went wrong on our side"
UNEXPECTED_REMEDY = (
    "Your text is kept. Try again, or change the text or the model; if it happens again, report it."
)


def headline(error: Exception) -> str:
    """The sentence above the message."""
    return next((line for kind, line in HEADLINES if isinstance(error, kind)), UNEXPECTED)


@contextmanager
def guard() -> Iterator[None]:
    """Show what goes wrong inside, and let the rest of the page stand."""
    try:
        yield
    except Exception as error:
        show_error(error)


def show_error(error: Exception, above: str = "") -> None:
    """Draw one error, under its headline or the one `above`.

    What is not of this package is logged with its trace, and shown without.
    """
    known = isinstance(error, errors.AttnVizError)
    if not known:
        logging.getLogger("attnviz").error("unexpected error in a page", exc_info=error)
    with st.container(border=True, key=None):
        st.error(above or headline(error), icon=":material/info:")
        if known:
            st.text(plain(str(error.message), 2000))  # type: ignore[attr-defined]
            if error.remedy:  # type: ignore[attr-defined]
                st.text(plain(str(error.remedy), 2000))  # type: ignore[attr-defined]
            return
        st.text(UNEXPECTED_REMEDY)
        with st.expander("Details for a report"):
            last = traceback.extract_tb(error.__traceback__)[-1:]
            where = f" (in {last[0].name})" if last else ""
            st.text(plain(f"{type(error).__name__}: {error}{where}", 500))
