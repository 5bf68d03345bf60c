"""The end of memory, really reached: in a process whose address space is limited; and what must be freed after."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
import types
import weakref
from importlib.machinery import ModuleSpec

import pytest

from attnviz.errors import DeviceMemoryExhausted
from attnviz.runtime.engine.memory import guarded, is_exhaustion, loaded_torch, release_device_cache, settle

EXHAUST = """
import gc, json, resource, sys, weakref
from attnviz.errors import DeviceMemoryExhausted
from attnviz.runtime import Query, LocalRuntime, Settings

runtime = LocalRuntime(Settings(device="cpu"))
name = sys.argv[1]
short, long = Query(name, "a short text"), Query(name, "abcdefgh " * 330)
stages = []
runtime.capture(short, lambda stage: stages.append(stage.name))
kept = weakref.ref(runtime.capture(short))
before = runtime.facts()
import torch
torch.ones(1 << 20)  # the allocator's own arenas exist before the limit is set

def limit(room):
    used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (used + room, resource.RLIM_INFINITY))

def attempt(work):
    try:
        work()
    except DeviceMemoryExhausted as error:
        # The error is kept, as a page or a log would: its traceback must not keep tensors.
        kept_errors.append(error)
        return [error.message, error.remedy, error.__cause__ is None and error.__context__ is None]
    return None

def large():
    gc.collect()
    return [tuple(each.shape) for each in gc.get_objects() if isinstance(each, torch.Tensor) and each.nbytes > 1 << 20]

kept_errors, result = [], {"stages": stages}
limit(4 << 20)
result["capture"] = attempt(lambda: runtime.capture(long))
result["freed"] = kept() is None and runtime.facts().capture_bytes == 0 and before.capture_bytes > 0
result["left over"] = large()
limit(64 << 20)
result["short again"] = runtime.capture(short).shape()
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
capture = runtime.capture(long)
limit(20 << 20)
result["map"] = attempt(lambda: runtime.attention(long, 0))
del capture
result["left over after map"] = large()
resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
result["long at last"] = runtime.attention(long, 0).shape
result["waiting"] = runtime.waiting
print(json.dumps(result))
"""


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="limits the address space as Linux does")
@pytest.mark.slow
def test_when_memory_ends_it_is_said_freed_and_the_next_request_works(tiny_model):
    name = tiny_model("long", positions=4096, heads=4, inner=4096)
    done = subprocess.run([sys.executable, "-c", EXHAUST, name], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    remedy = "Try a shorter text or a smaller model; what was kept has been given back, so the next request can work."
    assert list(dict.fromkeys(result["stages"])) == [
        "starting the engine",
        "loading the model",
        "reading the text",
        "computing",
    ]
    assert result["capture"] == ["The device ran out of memory while reading the text.", remedy, True]
    assert result["freed"]
    assert result["left over"] == result["left over after map"] == []
    assert result["short again"] == [2, 4, 14, 14]
    assert result["map"] == ["The device ran out of memory while computing a map.", remedy, True]
    assert result["long at last"] == [4, 2972, 2972]
    assert result["waiting"] == 0


def test_the_frames_of_the_old_error_keep_nothing_alive():
    class Big:
        pass

    references, held, freed = [], [], []

    def inner():
        big = Big()
        references.append(weakref.ref(big))
        raise MemoryError

    def work():
        other = Big()
        references.append(weakref.ref(other))
        try:
            inner()
        except MemoryError as error:
            held.append(error)  # as a log or a debugger would
            raise RuntimeError("the kernel failed") from error

    gc.disable()
    try:
        with pytest.raises(DeviceMemoryExhausted) as caught:
            guarded(work, lambda: freed.append(1), "testing", "Do less.")
        assert [reference() for reference in references] == [None, None]
    finally:
        gc.enable()
    assert freed == [1]
    assert str(caught.value) == "The device ran out of memory while testing. Do less."
    assert caught.value.__context__ is None


def test_what_was_frozen_is_collected_when_memory_is_settled_again():
    class Node:
        pass

    node = Node()
    node.itself = node
    reference = weakref.ref(node)
    settle()
    del node
    gc.collect()
    assert reference() is not None  # a frozen cycle: this is why settling unfreezes first
    settle()
    assert reference() is None


def test_other_errors_pass_and_free_nothing():
    with pytest.raises(ZeroDivisionError):
        guarded(lambda: 1 / 0, lambda: pytest.fail("freed"), "testing", "")


def test_while_another_thread_imports_torch_it_is_not_touched(monkeypatch):
    half = types.ModuleType("torch")
    half.__spec__ = ModuleSpec("torch", None)
    half.__spec__._initializing = True
    monkeypatch.setitem(sys.modules, "torch", half)
    assert not is_exhaustion(ValueError("no such layer"))
    release_device_cache()
    assert loaded_torch() is None


def test_what_torch_raises_is_recognised():
    import torch

    # More bytes than any machine has: the real message of this version of torch, whatever it is.
    with pytest.raises(RuntimeError) as caught:
        torch.empty(1 << 58, dtype=torch.uint8)
    assert is_exhaustion(caught.value)
    assert is_exhaustion(torch.OutOfMemoryError("CUDA out of memory."))
    assert is_exhaustion(MemoryError())
    assert not is_exhaustion(RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    assert not is_exhaustion(ValueError("out of memory"))
