"""The app in a process of its own, as a person starts it, for browser tests and benchmarks.

In flow a script and environment variables; out flows the address of a healthy server and its log.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

START_LIMIT = 90  # seconds; a busy machine of two cores has needed ten


def free_port() -> int:
    """A port that nobody listens on, at the moment of asking."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Server:
    """`streamlit run SCRIPT` on a free port, healthy when the constructor returns.

    Args:
        root: the working directory, where .streamlit/config.toml is.
        home: an empty directory; serves as HOME, so that no setting of this user leaks in; holds the log.
        script: path of the script, relative to root or absolute.
        environment: variables on top of a clean environment.

    Raises RuntimeError with the log when the process ends, or stays silent for START_LIMIT seconds.
    """

    def __init__(
        self, root: Path, home: Path, script: str = "app.py", environment: dict[str, str] | None = None
    ):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        folder = (environment or {}).get("STREAMLIT_SERVER_BASE_URL_PATH", "")
        self.health = f"{self.url}/{folder}/_stcore/health" if folder else f"{self.url}/_stcore/health"
        self.log_path = home / f"server-{self.port}.log"
        command = [sys.executable, "-m", "streamlit", "run", script]
        command += [
            "--server.port",
            str(self.port),
            "--server.address",
            "127.0.0.1",
            "--server.headless",
            "true",
        ]
        with self.log_path.open("w") as log:
            self.process = subprocess.Popen(
                command,
                cwd=root,
                env=clean_environment(home) | (environment or {}),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )
        try:
            self._wait()
        except BaseException:
            self.stop()
            raise

    def _wait(self) -> None:
        end = time.monotonic() + START_LIMIT
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"the server ended with {self.process.returncode}:\n{self.log}")
            try:
                with urllib.request.urlopen(self.health, timeout=2) as answer:
                    if answer.status == 200:
                        return
            except (urllib.error.URLError, OSError):
                pass
            time.sleep(0.05)
        raise RuntimeError(f"the server did not answer within {START_LIMIT} s:\n{self.log}")

    @property
    def log(self) -> str:
        """What the process has printed so far."""
        return self.log_path.read_text(errors="replace")

    def __enter__(self) -> Server:
        return self

    def __exit__(self, *error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """End the process; harmless when it has ended."""
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def clean_environment(home: Path) -> dict[str, str]:
    """This process's environment without settings of the app, Streamlit or the Hub, and with another HOME."""
    ours = ("ATTNVIZ_", "STREAMLIT_", "HF_", "PYTEST_", "COVERAGE")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    # matplotlib, which captum brings along, would search all fonts anew for each new HOME: many seconds.
    fonts = {"MPLCONFIGDIR": str(Path.home() / ".cache" / "matplotlib")}
    return fonts | kept | {"HOME": str(home), "PYTHONUNBUFFERED": "1"}
