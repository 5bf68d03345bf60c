"""The process of the engine: answers the questions of pages that live in another process.

Started by `attnviz.runtime.process.client`; it ends when the process that started it does.
"""

from __future__ import annotations

import os
import pickle
import sys
import threading
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener
from typing import Any

from attnviz.errors import AttnVizError, Cancelled
from attnviz.language import say
from attnviz.runtime.engine.visitors import set_visitor
from attnviz.runtime.local import LocalRuntime
from attnviz.runtime.process.messages import Answer, Cancel, Failure, Question, receive, send
from attnviz.runtime.progress import Stage


def main() -> None:
    """Read settings and key from the standard input, write the address that is listened at, answer until it closes."""
    key, settings = pickle.load(sys.stdin.buffer)  # written by the process that started this one
    runtime = LocalRuntime(settings)
    listener = Listener(None, authkey=key, backlog=64)
    pages, sys.stdout = sys.stdout, sys.stderr  # whatever is printed from here on belongs to the log
    pages.write(f"{listener.address}\n")
    pages.flush()
    threading.Thread(target=_accept, args=(listener, runtime), daemon=True).start()
    sys.stdin.buffer.read()  # returns when the other process has closed it, or is gone
    os._exit(0)  # models may be at work in threads that nobody waits for


def _accept(listener: Listener, runtime: LocalRuntime) -> None:
    while True:
        try:
            connection = listener.accept()
        except (AuthenticationError, EOFError, OSError):
            continue  # a stranger without the key, or one who went away
        threading.Thread(target=_serve, args=(connection, runtime), daemon=True).start()


def _serve(connection: Any, runtime: LocalRuntime) -> None:
    """Answer one question after another of one connection."""
    with connection:
        while True:
            try:
                question = receive(connection)
            except (EOFError, OSError):
                return
            if isinstance(question, Cancel):
                continue  # of a question that was answered meanwhile
            try:
                _answer(connection, runtime, question)
            except (EOFError, OSError):
                return


def _answer(connection: Connection[Any, Any], runtime: LocalRuntime, question: Question) -> None:
    set_visitor(question.visitor)

    def report(stage: Stage) -> None:
        while connection.poll():
            if isinstance(receive(connection), Cancel):
                raise Cancelled(say("The work was stopped."))
        send(connection, stage)

    found: Any = runtime
    try:
        for part in question.name.split("."):
            found = getattr(found, part)
        if question.args is not None:
            more = {"progress": report} if question.progress else {}
            found = found(*question.args, **question.kwargs, **more)
        answer: Answer | Failure = Answer(found)
    except (EOFError, OSError):
        raise
    except BaseException as error:
        answer = Failure(error.with_traceback(None))
    try:
        send(connection, answer)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        what = f"{question.name} does not travel between processes: {type(error).__name__}: {error}"
        send(connection, Failure(AttnVizError(what)))


if __name__ == "__main__":
    main()
