"""A small web server that speaks enough of the Hub's API for the real huggingface_hub client."""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import unquote, urlsplit

COMMIT = "a" * 40
OLDER = "b" * 40


@dataclass
class Repository:
    """Files on disk, or declared by size alone; `counts` is what the Hub says of the safetensors in it."""

    directory: Path
    declared: dict[str, int] = field(default_factory=dict)
    counts: dict[str, int] | None = None
    revisions: dict[str, str] = field(default_factory=lambda: {"main": COMMIT, COMMIT: COMMIT})
    status: int = 200
    error_code: str = ""

    def files(self) -> dict[str, int]:
        found = {
            p.relative_to(self.directory).as_posix(): p.stat().st_size
            for p in self.directory.rglob("*")
            if p.is_file()
        }
        return found | self.declared


class Hub:
    """`with Hub({"org/name": Repository(...)}) as hub`: hub.url; hub.asked, the (method, path) of each request.

    hub.tokens are the tokens that came with them.
    """

    def __init__(self, repositories: dict[str, Repository], silent: bool = False) -> None:
        self.repositories, self.silent, self._closed = repositories, silent, threading.Event()
        self.asked: list[tuple[str, str]] = []
        self.tokens: set[str] = set()
        hub = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                hub.answer(self, body=True)

            def do_HEAD(self) -> None:
                hub.answer(self, body=False)

            def log_message(self, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def __enter__(self) -> Hub:
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *args: object) -> None:
        self._closed.set()
        self.server.shutdown()
        self.server.server_close()

    def fetched(self) -> list[str]:
        """Names of the files whose content was asked for."""
        return [
            path.split("/resolve/")[1].split("/", 1)[1]
            for method, path in self.asked
            if method == "GET" and "/resolve/" in path
        ]

    def answer(self, request: BaseHTTPRequestHandler, body: bool) -> None:
        path = unquote(urlsplit(request.path).path)
        self.asked.append((request.command, path))
        self.tokens |= set(filter(None, [request.headers.get("Authorization")]))
        if self.silent:
            self._closed.wait()
            return None
        for name, repository in self.repositories.items():
            if (
                path.startswith((f"/api/models/{name}/", f"/{name}/resolve/"))
                or path == f"/api/models/{name}"
            ):
                return self._repository(request, path, name, repository, body)
        return self._send(
            request, 404, {"error": "Repository not found"}, body, {"X-Error-Code": "RepoNotFound"}
        )

    def _repository(
        self, request: BaseHTTPRequestHandler, path: str, name: str, repository: Repository, body: bool
    ) -> None:
        if repository.status != 200:
            return self._send(
                request, repository.status, {"error": "no"}, body, {"X-Error-Code": repository.error_code}
            )
        rest = path.removeprefix(f"/api/models/{name}").removeprefix(f"/{name}").strip("/").split("/", 2)
        revision = rest[1] if len(rest) > 1 else "main"
        commit = repository.revisions.get(revision)
        if commit is None:
            return self._send(
                request, 404, {"error": "Revision not found"}, body, {"X-Error-Code": "RevisionNotFound"}
            )
        if rest[0] == "resolve":
            return self._file(request, repository, rest[2], commit, body)
        files = repository.files()
        if rest[0] == "tree":
            tree = [{"type": "file", "path": file, "size": size, "oid": file} for file, size in files.items()]
            return self._send(request, 200, tree, body)
        info: dict[str, object] = {
            "id": name, "modelId": name, "sha": commit, "private": False, "tags": [], "downloads": 0, "likes": 0,
            "siblings": [{"rfilename": file, "size": size} for file, size in files.items()],
        }  # fmt: skip
        if repository.counts is not None:
            info["safetensors"] = {"parameters": repository.counts, "total": sum(repository.counts.values())}
        return self._send(request, 200, info, body)

    def _file(
        self, request: BaseHTTPRequestHandler, repository: Repository, file: str, commit: str, body: bool
    ) -> None:
        path = repository.directory / file
        if not path.is_file():
            return self._send(request, 404, {"error": "no"}, body, {"X-Error-Code": "EntryNotFound"})
        data = path.read_bytes()
        tags = {
            "X-Repo-Commit": commit,
            "ETag": f'"{hashlib.sha256(data).hexdigest()}"',
            "Accept-Ranges": "bytes",
        }
        return self._send(request, 200, data, body, tags)

    @staticmethod
    def _send(
        request: BaseHTTPRequestHandler,
        status: int,
        content: object,
        body: bool,
        headers: dict[str, str] | None = None,
    ) -> None:
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        request.send_response(status)
        for key, value in {"Content-Length": str(len(data)), **(headers or {})}.items():
            request.send_header(key, value)
        # A client that gave up waiting has closed its end.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            request.end_headers()
            if body:
                request.wfile.write(data)
