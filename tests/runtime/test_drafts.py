"""Writing through the runtime: turns, stops, what is kept, and the same over a process."""

from __future__ import annotations

import pickle
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import attnviz
from attnviz.runtime import Draft, LocalRuntime, Query, Settings, Stage
from attnviz.runtime.process.client import ProcessRuntime
from tests.loading import tiny

TEXT = "The cat sat on the mat"


@pytest.fixture(scope="module")
def decoder(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A tiny random decoder on disk."""
    from tokenizers.processors import TemplateProcessing

    directory: Path = tmp_path_factory.mktemp("writes")
    sizes = {**tiny.LLAMA, "max_position_embeddings": 64}
    tiny.build("LlamaForCausalLM", "LlamaConfig", **sizes).save_pretrained(directory)
    tokenizer: Any = tiny.tokenizer()
    tokenizer.backend_tokenizer.post_processor = TemplateProcessing(single="$A", pair="$A $B")
    tokenizer.save_pretrained(directory)
    return str(directory)


@pytest.fixture(scope="module")
def runtime() -> LocalRuntime:
    return LocalRuntime(Settings(device="cpu", dtype="float32", warm=False, max_tokens=48))


def drafted(decoder: str, chosen: tuple[int, ...] = (), **how: float) -> Draft:
    return Draft(Query(decoder, TEXT), chosen, **how)  # type: ignore[arg-type]


def test_it_writes_what_the_library_writes(runtime: LocalRuntime, decoder: str) -> None:
    written = runtime.write(drafted(decoder, (70, 71)), 5)
    writer = attnviz.load(decoder, device="cpu", dtype="float32").write(TEXT)
    writer.follow((70, 71))
    while len(writer.ids) < 7 and not writer.ended:
        writer.step()
    assert written.draft.chosen == writer.ids
    assert [each.token.id for each in written.steps] == list(writer.ids[2:])
    assert written.candidates[0].probability == pytest.approx(writer.candidates[0].probability, abs=1e-6)
    assert written.entropy == pytest.approx(writer.entropy, abs=1e-5)
    whole = runtime.write(written.draft, since=0)
    assert len(whole.steps) == 7
    rows = runtime.step_rows(written.draft, 3)
    np.testing.assert_allclose(rows, writer.rows(3), atol=1e-6)


def test_questions_and_answers_travel(runtime: LocalRuntime, decoder: str) -> None:
    remote = ProcessRuntime(runtime.settings)
    try:
        here = runtime.write(drafted(decoder, temperature=1.5, seed=2), 4, 0)
        there = remote.write(drafted(decoder, temperature=1.5, seed=2), 4, 0)
        assert there.draft == here.draft
        assert [each.token.id for each in there.steps] == [each.token.id for each in here.steps]
        np.testing.assert_allclose(
            remote.step_rows(here.draft, 2), runtime.step_rows(here.draft, 2), atol=1e-6
        )
        branches = ((here.draft.chosen, 1), ((*here.draft.chosen[:2], 70), 2))
        parted = runtime.partings(here.draft, branches)
        assert [each.text for each in remote.partings(here.draft, branches)] == [each.text for each in parted]
        assert parted[0].step is not None
        assert parted[0].step.token.id == here.draft.chosen[1]
        quoted, again = runtime.quotations(here.draft, "cat sat"), remote.quotations(here.draft, "cat sat")
        assert quoted is not None
        assert again is not None
        assert again.place == quoted.place
        np.testing.assert_allclose(again.links.share, quoted.links.share, atol=1e-6)
        assert remote.step_question(drafted(decoder, (70, 71, 72)), 2).text.startswith(TEXT)
    finally:
        remote.close()
    assert pickle.loads(pickle.dumps(here)).draft == here.draft


def test_a_passage_is_found_in_the_prompt_by_its_tokens(runtime: LocalRuntime, decoder: str) -> None:
    draft = drafted(decoder, (70, 71, 72))
    prompt = runtime.write(draft).prompt
    quoted = runtime.quotations(draft, "sat on the")
    assert quoted is not None
    assert "sat on the" in "".join(prompt.labels[slice(*quoted.place)])
    writer = attnviz.load(decoder, device="cpu", dtype="float32").write(TEXT)
    writer.follow(draft.chosen)
    alone = runtime.quotations(draft, "sat on the", (1, 0))
    assert alone is not None
    for n in range(3):
        row = writer.rows(n)[1, 0][slice(*alone.place)]
        assert alone.links.best[n] == row.argmax()
        assert alone.links.mass[n] == pytest.approx(row.sum(), abs=1e-5)
    assert runtime.quotations(draft, "a dog") is None
    assert runtime.quotations(drafted(decoder), "sat on the") is None


def test_messages_before_this_one_are_read(runtime: LocalRuntime, decoder: str) -> None:
    query = Query(decoder, "and?", chat=True, turns=("Hello", "Hi"))
    assert query.content == (
        {"role": "user", "content": "Hello"},
        {"role": "assistant", "content": "Hi"},
        {"role": "user", "content": "and?"},
    )
    assert query.texts != Query(decoder, "and?", chat=True).texts
    assert query.rewritten("x", None).turns == ()


def test_a_writer_that_is_gone_is_made_again(runtime: LocalRuntime, decoder: str) -> None:
    before = runtime.write(drafted(decoder, (70, 71, 72)), 3, 0)
    assert any(key.startswith("writer:") for key in runtime.held._entries)  # type: ignore[attr-defined]
    runtime.held.clear("writer")
    again = runtime.write(before.draft, 0, 0)
    assert again.draft == before.draft
    for one, other in zip(before.steps, again.steps, strict=True):
        assert one.entropy == pytest.approx(other.entropy, abs=1e-5)


def test_evicting_the_model_forgets_its_writers(runtime: LocalRuntime, decoder: str) -> None:
    runtime.write(drafted(decoder), 1)
    runtime.engine.models.evict(decoder)
    assert not any(key.startswith("writer:") for key in runtime.held._entries)  # type: ignore[attr-defined]


def test_stopping_keeps_what_was_written(runtime: LocalRuntime, decoder: str) -> None:
    seen: list[float] = []

    def stop(stage: Stage) -> None:
        if stage.fraction is not None:
            seen.append(stage.fraction)
            if len(seen) == 3:
                raise attnviz.Cancelled("stopped")

    with pytest.raises(attnviz.Cancelled):
        runtime.write(drafted(decoder, seed=7, temperature=2.0), 20, progress=stop)
    assert len(seen) == 3


def test_others_get_their_turn_between_two_tokens(runtime: LocalRuntime, decoder: str) -> None:
    """Somebody who asks while a long text is written is answered before it ends."""
    asked, answered, order = threading.Event(), threading.Event(), []

    def other() -> None:
        asked.wait(30)
        runtime.attention(Query(decoder, "a dog ran to the house"), 0, 0)
        order.append("other")
        answered.set()

    thread = threading.Thread(target=other)
    thread.start()
    tokens = 0

    def told(stage: Stage) -> None:
        nonlocal tokens
        if stage.fraction is not None and stage.position is None:
            tokens += 1
            if tokens == 2:
                asked.set()
                while not runtime.engine.gate.waiting and not answered.is_set():
                    pass

    runtime.write(drafted(decoder, temperature=1.0, seed=1), 12, progress=told)
    order.append("written")
    thread.join()
    assert order == ["other", "written"]


def test_limits_of_server_and_model(runtime: LocalRuntime, decoder: str) -> None:
    full = runtime.write(drafted(decoder, (70,) * 38), 20)
    assert full.full or full.ended
    assert len(full.draft.chosen) + len(full.prompt) <= 48
    with pytest.raises(attnviz.InputTooLong):
        runtime.write(drafted(decoder, (70,) * 60))
    with pytest.raises(attnviz.TargetUnsupported):
        runtime.write(Draft(Query("minilm", TEXT)))


def test_the_question_of_a_step_reads_the_same_tokens(runtime: LocalRuntime, decoder: str) -> None:
    draft = drafted(decoder, (70, 71, 72))
    written = runtime.write(draft, 0, 0)
    query = runtime.step_question(draft, 3)
    tokens = runtime.info(query).tokens
    whole = [*written.prompt.ids.tolist(), 70, 71, 72]
    assert tokens.ids.tolist() == whole  # type: ignore[attr-defined]
    layers = runtime.layer_by_layer(query, "next-token")
    assert dict(layers.outcomes[-1][:1])
    first = written.candidates[0]
    assert layers.outcomes[-1][0][1] == pytest.approx(first.probability, abs=1e-4)
