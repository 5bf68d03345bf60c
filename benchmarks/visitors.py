"""Many visitors of one process of the app: how long a step to another head, and a new text, take them.

Each is a websocket client that speaks Streamlit's own messages and does one action every three seconds: five steps to
the next head, then a new text. They run in a process of their own, whose CPU time is told apart; they talk to this
machine only, are at most 100, and end after `--seconds`.

    python benchmarks/visitors.py [--visitors 20 50] [--seconds 60]
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

import psutil  # noqa: E402
from streamlit.proto.BackMsg_pb2 import BackMsg  # noqa: E402
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg  # noqa: E402
from streamlit.proto.WidgetStates_pb2 import WidgetStates  # noqa: E402
from websockets.asyncio.client import ClientConnection, connect  # noqa: E402

from attnviz.figures.parts import received  # noqa: E402
from attnviz.figures.wire import unpack  # noqa: E402
from tests.browser.serve import Server  # noqa: E402

MOST, LONGEST = 100, 600  # visitors, seconds
PAUSE = 3.0  # seconds from action to action
STEPS = 5  # to other heads, before a new text
LIMIT = 60.0  # seconds that an action may take
WORDS = ["the", "cat", "sat", "on", "a", "mat", "while", "rain", "fell", "over", "old", "roofs", "one", "dog"]


@dataclass
class Visitor:
    """One browser tab: what it was sent last, and how long its actions took."""

    number: int
    socket: ClientConnection
    query: str = ""
    component: str = ""  # the id of the map's figure
    at: tuple[int, int] = (0, 0)
    layers: int = 0
    heads: int = 0
    text: str = ""
    store: dict[bytes, bytes] = field(default_factory=dict)
    cached: dict[str, bytes] = field(default_factory=dict)  # what Streamlit's own client keeps, by its hash
    times: dict[str, list[float]] = field(default_factory=dict)
    finished: bool = False
    received: int = 0

    async def act(self, name: str, query: str, widgets: WidgetStates, wanted: Any) -> None:
        """Ask for a run, and wait until the figure shows what is wanted and the run is over."""
        message = BackMsg()
        self.query = message.rerun_script.query_string = query
        message.rerun_script.widget_states.CopyFrom(widgets)
        message.rerun_script.cached_message_hashes.extend(self.cached)
        began = time.perf_counter()
        await self.socket.send(message.SerializeToString())
        async with asyncio.timeout(LIMIT):
            while not (await self._next() and self._shown() == wanted):
                pass
            self.times.setdefault(name, []).append(time.perf_counter() - began)
            while not self.finished:
                await self._next()

    def _shown(self) -> Any:
        return self.at, self.text

    async def _next(self) -> bool:
        """Take one message; whether it was the figure's."""
        raw = await self.socket.recv()
        assert isinstance(raw, bytes)
        self.received += len(raw)
        message = ForwardMsg.FromString(raw)
        kind = message.WhichOneof("type")
        self.finished = kind == "script_finished"
        if kind == "page_info_changed":
            self.query = message.page_info_changed.query_string
        if kind == "ref_hash":
            message = ForwardMsg.FromString(self.cached[message.ref_hash])
        elif message.metadata.cacheable:
            self.cached = {message.hash: raw}  # Streamlit's client keeps those of the last runs
        if message.WhichOneof("type") != "delta" or message.delta.WhichOneof("type") != "new_element":
            return False
        element = message.delta.new_element
        if element.WhichOneof("type") != "bidi_component" or not element.bidi_component.bytes:
            return False
        header, arrays = unpack(received(element.bidi_component.bytes, self.store))
        if header["figure"] != "heatmap":
            return False
        if [header["layer"], header["head"]] not in header["at"] or not len(arrays["maps"]):
            raise RuntimeError("the map that is shown did not come")
        self.component = element.bidi_component.id
        self.at, self.text = (header["layer"], header["head"]), header["text"]
        self.layers, self.heads = header["layers"], header["heads"]
        return True

    async def step(self) -> None:
        """To the next head, as the figure reports it."""
        layer, head = self.at
        place = (layer, head + 1) if head + 1 < self.heads else ((layer + 1) % self.layers, 0)
        states = WidgetStates()
        state = states.widgets.add()
        state.id = self.component
        state.json_value = json.dumps({"selection": {"layer": place[0], "head": place[1]}})
        await self.act("head", self.query, states, (place, self.text))

    async def write(self, name: str, count: int) -> None:
        """Another text of about 14 tokens, as a link opens it; no two visitors ask for the same."""
        digits = f"{self.number} {count}"
        words = [WORDS[(self.number + count + n) % len(WORDS)] for n in range(10)]
        text = " ".join((*words, digits))
        query = urlencode({"text": text, "layer": 0, "head": 0})
        await self.act(name, query, WidgetStates(), ((0, 0), text))


async def visit(url: str, number: int, visitors: int, end: float) -> Visitor:
    """One visitor, from the first page to the end."""
    await asyncio.sleep(PAUSE * number / visitors)
    address = url.replace("http:", "ws:") + "/_stcore/stream"
    async with connect(address, subprotocols=["streamlit"], origin=url, max_size=None) as socket:  # type: ignore[list-item,arg-type]
        visitor = Visitor(number, socket)
        turn = 0
        while time.perf_counter() < end:
            due = time.perf_counter() + PAUSE
            if turn == 0:
                await visitor.write("first", turn)
            elif (turn + number) % (STEPS + 1) == 0:
                await visitor.write("text", turn)
            else:
                await visitor.step()
            turn += 1
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
    return visitor


async def visit_all(url: str, visitors: int, seconds: float) -> dict[str, Any]:
    """What all of them saw."""
    end = time.perf_counter() + seconds
    tasks = [visit(url, number, visitors, end) for number in range(visitors)]
    found = await asyncio.gather(*tasks)
    times: dict[str, list[float]] = {}
    for each in found:
        for name, values in each.times.items():
            times.setdefault(name, []).extend(values)
    return {"times": times, "received": sum(each.received for each in found), "cpu": time.process_time()}


def measure(server: Server, visitors: int, seconds: float) -> str:
    """A row of the table: the clients in a process of their own, the server's CPU and memory from outside."""
    process = psutil.Process(server.process.pid)
    before = sum(process.cpu_times()[:2])
    began = time.perf_counter()
    command = [sys.executable, __file__, "--clients", server.url, "--visitors", str(visitors)]
    done = subprocess.run([*command, "--seconds", str(seconds)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"the visitors failed:\n{done.stderr[-3000:]}\n{server.log[-3000:]}")
    took, spent = time.perf_counter() - began, sum(process.cpu_times()[:2]) - before
    record = json.loads(done.stdout)
    runs = sum(map(len, record["times"].values()))
    cells = [str(visitors)]
    for name in ("head", "text"):
        values = sorted(record["times"].get(name, [float("nan")]))
        cells += [f"{1000 * statistics.median(values):.0f}", f"{1000 * values[int(0.95 * len(values))]:.0f}"]
    cells += [f"{runs / took:.1f}", f"{1000 * spent / runs:.1f}", f"{1000 * record['cpu'] / runs:.1f}"]
    cells += [f"{record['received'] / runs / 1000:.1f}", f"{process.memory_info().rss / 1e6:.0f}"]
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--visitors", type=int, nargs="*", default=[20, 50])
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--clients", metavar="URL", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if max(options.visitors) > MOST or options.seconds > LONGEST:
        raise SystemExit(f"at most {MOST} visitors for {LONGEST} seconds")
    if options.clients:
        print(json.dumps(asyncio.run(visit_all(options.clients, options.visitors[0], options.seconds))))
        return
    print(
        "| visitors | head, ms, median | p95 | new text, ms, median | p95 | runs/s | server CPU ms/run "
        "| clients' CPU ms/run | KB/run | server MB |\n" + "|---" * 10 + "|"
    )
    for visitors in options.visitors:
        with tempfile.TemporaryDirectory() as home, Server(ROOT, Path(home)) as server:
            asyncio.run(visit_all(server.url, 1, 8))  # the model is loaded
            print(measure(server, visitors, options.seconds), flush=True)
    print(f"\n{os.cpu_count()} cores, load average {' '.join(f'{each:.2f}' for each in os.getloadavg())}")


if __name__ == "__main__":
    main()
