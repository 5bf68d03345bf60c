"""The one runtime of this process, of the kind that the settings name."""

from __future__ import annotations

import threading

from attnviz.runtime.protocol import Runtime
from attnviz.runtime.settings import Settings

_runtime: Runtime | None = None
_lock = threading.Lock()


def get_runtime() -> Runtime:
    """The one runtime of this process, made at the first call. Raises AttnVizError on a wrong setting."""
    global _runtime
    with _lock:
        if _runtime is None:
            _runtime = _made(Settings.from_environment())
        return _runtime


def _made(settings: Settings) -> Runtime:
    if settings.runtime == "process":
        from attnviz.runtime.process.client import ProcessRuntime

        return ProcessRuntime(settings)
    from attnviz.runtime.local import LocalRuntime

    return LocalRuntime(settings)
