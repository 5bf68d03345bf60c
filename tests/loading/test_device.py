"""The choice of device and dtype. What a machine has is set by hand here, except where it says 'this machine'."""

import pytest
import torch

from attnviz.errors import AttnVizError
from attnviz.loading import load
from attnviz.loading.device import choose


@pytest.fixture
def machine(monkeypatch):
    def has(cuda: int = 0, bf16: bool = False, mps: bool = False, old: tuple[str, ...] = ()) -> None:
        monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
        monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
        new, before = ((8, 0), (7, 5)) if bf16 else ((7, 5), (7, 5))
        monkeypatch.setattr(
            torch.cuda, "get_device_capability", lambda device: before if str(device) in old else new
        )
        monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)

    return has


def test_auto(machine):
    machine(cuda=2, bf16=True, mps=True)
    assert choose("auto", "auto") == (torch.device("cuda"), torch.bfloat16)
    machine(cuda=1, bf16=False)
    assert choose("auto", "auto") == (torch.device("cuda"), torch.float32)
    machine(mps=True)
    assert choose("auto", "auto") == (torch.device("mps"), torch.float32)
    machine()
    assert choose("auto", "auto") == (torch.device("cpu"), torch.float32)


def test_the_chosen_card_is_asked_and_no_other(machine):
    machine(cuda=2, bf16=True, old=("cuda:1",))
    assert choose("cuda:0", "auto") == (torch.device("cuda:0"), torch.bfloat16)
    assert choose("cuda:1", "auto") == (torch.device("cuda:1"), torch.float32)


def test_named(machine):
    machine(cuda=2, bf16=True)
    assert choose("cpu", "auto") == (torch.device("cpu"), torch.float32)
    assert choose("cuda:1", "float16") == (torch.device("cuda:1"), torch.float16)
    with pytest.raises(
        AttnVizError, match=r"The device 'cuda:2' was asked for.* It has: cpu, cuda:0, cuda:1;"
    ):
        choose("cuda:2", "auto")
    with pytest.raises(AttnVizError, match=r"The device 'mps' was asked for"):
        choose("mps", "auto")


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
def test_cuda_of_this_machine(saved_bert):
    loaded = load(saved_bert)
    assert loaded.device.type == "cuda"
    assert {p.device.type for p in loaded.module.parameters()} == {"cuda"}
    assert loaded.dtype == (torch.bfloat16 if torch.cuda.get_device_capability() >= (8, 0) else torch.float32)
