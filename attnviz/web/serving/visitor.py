"""Who asks, as the runtime wants to know it: which window, and whether its browser runs on this machine."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextvars import copy_context
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from attnviz.runtime import Runtime, Visitor

T = TypeVar("T")
LOOPBACK = ("localhost", "127.0.0.1", "::1")
# What proxies add, and browsers do not: behind one, everybody seems to be on this machine.
FORWARDED = ("forwarded", "via", "x-real-ip", "cf-connecting-ip", "true-client-ip")


def runtime() -> Runtime:
    """The one runtime of this process, which is told who asks."""
    from attnviz.runtime import get_runtime, set_visitor

    set_visitor(current())
    return get_runtime()


def kept(work: Callable[[], T]) -> Callable[[], T]:
    """`work` for another thread, such as the one that sends a file, in the name of the visitor who asks now."""
    from attnviz.runtime import set_visitor

    asks = current()

    def done() -> T:
        set_visitor(asks)
        return work()

    return lambda: copy_context().run(done)


def current() -> Visitor | None:
    """The visitor whose script runs in this thread; outside of one, the one in whose name it works, or None."""
    from streamlit.runtime.scriptrunner import get_script_run_ctx

    from attnviz.runtime import Visitor, current_visitor

    context, known = get_script_run_ctx(suppress_warning=True), current_visitor()
    if context is None:
        return known
    # A thread runs the script of one session.
    return known if known and known.name == context.session_id else Visitor(context.session_id, _at_home())


def _at_home() -> bool:
    import streamlit as st

    # A browser that has just gone has no headers any more, hence is not at home either.
    return at_home(st.get_option("server.address"), st.context.ip_address, st.context.headers.to_dict())


def at_home(address: str | None, client: str | None, headers: Mapping[str, str]) -> bool:
    """Whether a browser runs on the machine of a server that listens for such browsers only.

    Args:
        address: where the server listens.
        client: the address of the browser; None for this machine.
        headers: of its request. Its host must be this machine, too: another site may have its name point here.
    """
    names = {name.lower() for name in headers}
    forwarded = any(name in FORWARDED or name.startswith("x-forwarded-") for name in names)
    host = next((value for name, value in headers.items() if name.lower() == "host"), "")
    return is_loopback(address) and not forwarded and client is None and is_loopback(_name(host))


def is_loopback(address: str | None) -> bool:
    """Whether only this machine reaches an address."""
    address = (address or "").strip("[]").lower()
    return address in LOOPBACK or address.startswith("127.")


def _name(host: str) -> str:
    """The host without its port."""
    return host[: host.rindex("]") + 1] if host.startswith("[") and "]" in host else host.split(":")[0]
