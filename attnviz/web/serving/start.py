"""What happens once, when the server starts, before the first visitor: navigation is declared, light modules load.

A fresh Streamlit process that sees a folder `pages/` beside the script serves its first session in the mode of old
multipage apps, where a deep link such as `/heads?text=...` first answers "page not found". That mode ends as soon as
anybody has called `st.navigation`; so the server calls it itself, before it listens.
"""

from __future__ import annotations

import logging
import os
import threading
from typing import Any

_NOISE = "streamlit.runtime.scriptrunner_utils.script_run_context"


def middleware() -> list[Any]:
    """What stands between the network and Streamlit."""
    from starlette.middleware import Middleware

    from attnviz.web.serving.document import PreparedDocument
    from attnviz.web.serving.headers import SafeHeaders
    from attnviz.web.serving.modules import ServedModules
    from attnviz.web.serving.surrogates import WellFormedText
    from attnviz.web.serving.uploads import BoundedUploads

    parts = (SafeHeaders, WellFormedText, BoundedUploads, ServedModules, PreparedDocument)
    return [Middleware(part) for part in parts]


def prepare() -> None:
    """Declare that this app navigates by `st.navigation`, and import what every first picture needs."""
    import streamlit as st

    from attnviz.web.shell import frame

    _warn_of_another_host()
    log = logging.getLogger(_NOISE)
    level = log.level
    log.setLevel(logging.ERROR)  # outside a session, each st call would warn that it is outside a session
    try:
        st.navigation(frame.site_pages())
    finally:
        log.setLevel(level)
    # While the server and the first browser get ready, there is time to spare.
    threading.Thread(target=read_ahead, name="read ahead", daemon=True).start()


def _warn_of_another_host() -> None:
    """`make app` hands ATTNVIZ_HOST to Streamlit, which reads its own settings before anything of ours."""
    import streamlit as st

    host, address = os.environ.get("ATTNVIZ_HOST", "").strip(), st.get_option("server.address")
    if host and host != address:
        logging.getLogger("attnviz").warning(
            "ATTNVIZ_HOST is %s, but the app listens at %s: start it with make app, or --server.address.",
            host,
            address or "every network",
        )


def read_ahead() -> None:
    """Import what pages need and open the stored example; what fails here will be said on a page."""
    import attnviz.web.pages.attention.content
    import attnviz.web.pages.attribution.content
    import attnviz.web.pages.heads.content
    from attnviz.web.state import session

    try:
        runtime = session.runtime()
        runtime.statistics(runtime.default_query)
        import attnviz.figures
        import attnviz.text  # noqa: F401
    except Exception as error:
        logging.getLogger("attnviz").warning("reading ahead: %s", error)


def script_failed(error: Exception) -> bool:
    """Log an error that no page caught, and show it calmly; true: Streamlit shows nothing of its own."""
    from attnviz.web.shell.problems import show_error

    show_error(error)
    return True
