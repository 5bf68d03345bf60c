"""A runtime whose engine runs in a process of its own: the pages stay quick while it computes, and survive it.

What it answers is what `attnviz.runtime.local.LocalRuntime` answers there: see `attnviz.runtime.protocol.Runtime`.
"""

from __future__ import annotations

import inspect
import os
import pickle
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from multiprocessing.connection import Client
from typing import Any

from attnviz.errors import AttnVizError
from attnviz.language import say
from attnviz.runtime import protocol
from attnviz.runtime.engine.visitors import current_visitor
from attnviz.runtime.process.messages import Answer, Cancel, Failure, Question, receive, send
from attnviz.runtime.progress import Progress, Stage
from attnviz.runtime.settings import Settings

SERVER = "attnviz.runtime.process.server"
GONE = "The engine, which runs in a process of its own, has stopped."
AGAIN = "It is started anew with the next question; files that were opened have to be opened again."


class ProcessRuntime:
    """The runtime's face in the process of the pages. All may be called from any thread.

    Attributes and methods are those of `attnviz.runtime.protocol.Runtime`, and raise what they raise there; all raise
    AttnVizError where the engine's process has died, which the next question starts anew.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or Settings.from_environment()
        self.held = _Held(self)
        self._lock = threading.Lock()
        self._engine: _Engine | None = None

    def __getattr__(self, name: str) -> Any:
        found = getattr(protocol.Runtime, name, None)
        if name.startswith("_") or found is None:
            raise AttributeError(f"a runtime has no {name!r}")
        if isinstance(found, property):
            return self.ask(Question(name, visitor=current_visitor()))
        return _Method(self, name, found)

    def ask(self, question: Question, progress: Progress | None = None) -> Any:
        """The answer to a question; `progress` is called here, and what it raises cancels the work there."""
        engine = self._started()
        try:
            return engine.ask(question, progress)
        except (EOFError, OSError) as error:
            self._stopped(engine)
            raise AttnVizError(GONE, AGAIN) from error

    def close(self) -> None:
        """End the engine's process."""
        with self._lock:
            if self._engine is not None:
                self._engine.close()
            self._engine = None

    def _started(self) -> _Engine:
        with self._lock:
            if self._engine is None:
                self._engine = _Engine(self.settings)
            return self._engine

    def _stopped(self, engine: _Engine) -> None:
        with self._lock:
            if self._engine is engine:
                self._engine = None
        engine.close()


class _Method:
    """A method of the runtime, asked there."""

    def __init__(self, runtime: ProcessRuntime, name: str, method: Callable[..., Any]) -> None:
        self._runtime = runtime
        self._name = name
        self._signature = inspect.signature(method.__get__(self))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        given = self._signature.bind(*args, **kwargs).arguments
        given |= given.pop("options", {})
        progress = given.pop("progress", None)
        question = Question(self._name, (), given, progress is not None, current_visitor())
        return self._runtime.ask(question, progress)


class _Held:
    """What visitors hold there."""

    def __init__(self, runtime: ProcessRuntime) -> None:
        self._runtime = runtime

    def __getattr__(self, name: str) -> Any:
        found = getattr(protocol.Held, name, None)
        if name.startswith("_") or found is None:
            raise AttributeError(f"what is held has no {name!r}")
        if isinstance(found, property):
            return self._runtime.ask(Question(f"held.{name}", visitor=current_visitor()))
        return _Method(self._runtime, f"held.{name}", found)


class _Engine:
    """The process, and the connections to it: one for each question that is being asked, kept for the next."""

    def __init__(self, settings: Settings) -> None:
        self._key = os.urandom(32)
        self._process = subprocess.Popen(
            [sys.executable, "-m", SERVER], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        pickle.dump((self._key, settings), self._process.stdin)
        self._process.stdin.flush()
        self._address = self._process.stdout.readline().decode().rstrip("\n")
        if not self._address:
            raise AttnVizError(
                say("The engine could not be started in a process of its own."), say("Its log says why.")
            )
        self._idle: list[Any] = []
        self._lock = threading.Lock()
        self._end = weakref.finalize(self, _end, self._process)

    def ask(self, question: Question, progress: Progress | None) -> Any:
        connection = self._connection()
        try:
            send(connection, question)
            answer = _heard(connection, progress)
        except BaseException:
            connection.close()  # its answer may still be under way: the next question must not take it for its own
            raise
        with self._lock:
            self._idle.append(connection)
        if isinstance(answer, Failure):
            raise answer.error
        return answer.value

    def close(self) -> None:
        self._end()

    def _connection(self) -> Any:
        with self._lock:
            if self._idle:
                return self._idle.pop()
        return Client(self._address, authkey=self._key)


def _heard(connection: Any, progress: Progress | None) -> Answer | Failure:
    """The answer, after the stages that come before it."""
    while True:
        said = receive(connection)
        if not isinstance(said, Stage):
            answer: Answer | Failure = said
            return answer
        if progress is not None:
            try:
                progress(said)
            except BaseException:
                send(connection, Cancel())
                raise


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.stdin is not None:
        process.stdin.close()
    process.terminate()
    process.wait()
