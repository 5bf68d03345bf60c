"""Gold alignments beside a model: read whole, or refused."""

import json

import pytest

from attnviz.errors import ModelUnsupported
from attnviz.loading.gold import FILE, MOST_SENTENCES, read_gold

SENTENCE = {"language": "fr", "source": "a b", "target": "c d", "sure": "0-0", "possible": "1-0"}


def test_links_are_read_and_sure_ones_are_possible(tmp_path):
    assert read_gold(tmp_path, "m") == ()
    (tmp_path / FILE).write_text(json.dumps({"sentences": [SENTENCE]}))
    (found,) = read_gold(tmp_path, "m")
    assert (found.language, found.source, found.target) == ("fr", "a b", "c d")
    assert (found.sure, found.possible) == ({(0, 0)}, {(0, 0), (1, 0)})


@pytest.mark.parametrize(
    "sentences",
    [
        "x",
        [3],
        [{}],
        [{**SENTENCE, "sure": "0"}],
        [{**SENTENCE, "sure": "a-b"}],
        [{**SENTENCE, "source": 5}],
        [{**SENTENCE, "sure": "0-0 " * 1001}],
        [SENTENCE] * (MOST_SENTENCES + 1),
    ],
)
def test_what_holds_no_alignments_is_refused(tmp_path, sentences):
    (tmp_path / FILE).write_text(json.dumps({"sentences": sentences}))
    with pytest.raises(ModelUnsupported, match=r"gold_alignments\.json holds no"):
        read_gold(tmp_path, "m")
