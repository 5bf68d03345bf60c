"""The public API is what the design names, however its parts were imported."""

import subprocess
import sys

import pytest

import attnviz

ORDERS = {
    "the function first": "import attnviz; f = attnviz.explain; import attnviz.explanation; g = attnviz.explain",
    "the package first": "import attnviz.explanation; import attnviz; f = g = attnviz.explain",
}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.slow
def test_explain_can_be_called_in_whichever_order_it_was_imported(order: str) -> None:
    """No subpackage may take the name of a public function: importing the one would hide the other."""
    code = (
        f"{ORDERS[order]}; m = attnviz.load('minilm', device='cpu');"
        "results = [e(m, 'A cat sat.', pair='A dog ran.', method='attention') for e in (f, g, attnviz.explain)];"
        "assert all(len(r.scores) == len(r.tokens) for r in results)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_an_unknown_attribute_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'charm'"):
        attnviz.charm  # noqa: B018


def test_every_public_name_resolves_and_is_listed() -> None:
    for name in attnviz.__all__:
        assert getattr(attnviz, name) is not None
    assert dir(attnviz) == sorted(attnviz.__all__)
