from pathlib import Path

import pytest

from . import tiny


@pytest.fixture(scope="session")
def saved_bert(tmp_path_factory) -> Path:
    """A directory with a tiny BertModel; copy it before changing it."""
    return tiny.save(tiny.build("BertModel", "BertConfig", **tiny.BERT), tmp_path_factory.mktemp("bert"))


@pytest.fixture
def bert(saved_bert, tmp_path) -> Path:
    """A copy of the tiny BertModel's directory, to be broken."""
    import shutil

    return Path(shutil.copytree(saved_bert, tmp_path / "bert"))
