"""A store that a sink fills: what is not there is refused by name, whoever asks, and all else works."""

from __future__ import annotations

import json
import os
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from studio import Engine
from studio.cli import call
from studio.cli.output import Exit
from studio.engine.on_demand import OnDemandEngine
from studio.engine.remote import RemoteEngine
from studio.errors import NotOffered, StoreError, StoreLocked
from studio.language.incoming import incoming
from studio.sink.sink import Sink
from studio.store.capabilities import foreign
from studio.store.engine_metrics import ENGINE, ENGINE_METRICS
from studio.store.inbox import engine_of
from studio.store.status import status
from studio.store.views import Views
from studio.tui.session.connection import connect
from tests.kernel.partitions import START, welcome
from tests.sink.test_sink import kinds, life
from tests.store.build import small


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "sink.db"
    with Sink(path, "normal", driver="Temporal") as sink:
        sink.take(life("ada"), START)
    return path


def acts(client: RemoteEngine, copy: Path) -> list[Coroutine[Any, Any, object]]:
    event = incoming("signup", "ann", {})
    time = client.time
    return [
        *(client.send(event), client.send_many([event]), client.send_refused(1, [event])),
        *(client.act("cancel", "welcome/ada"), client.reload(), client.release_step(1)),
        *(client.preview_rewind(1), client.rewind(1), client.restore(1), client.fork(1, copy)),
        *(client.preview_undo(), client.undo(), client.redo()),
        *(time.pause(), time.run(), time.speed(10), time.jump(START), time.stop_jump(), time.time_out(1)),
    ]


@pytest.mark.parametrize("runs", [False, True])
@pytest.mark.parametrize("kind", [RemoteEngine, OnDemandEngine])
async def test_every_act_of_an_engine_is_refused(
    path: Path, kind: type[RemoteEngine], runs: bool, tmp_path: Path
) -> None:
    sink = Sink(path, driver="Temporal") if runs else None
    before = kinds(path, "ada")
    client = kind(path, str(tmp_path))
    assert client.capabilities == foreign("Temporal")
    for asked in acts(client, tmp_path / "copy.db"):
        with pytest.raises(NotOffered, match=r"sink\.db: .*: Temporal carries its journeys on\. [A-Z]"):
            await asked
    if sink is not None:
        sink.close()
    assert kinds(path, "ada") == before
    assert not (tmp_path / "copy.db").exists()
    with Views(path) as views:
        assert not views.left_waiting()
        assert views.capabilities() == foreign("Temporal")


async def test_no_engine_starts_on_it_and_a_studio_only_looks(path: Path, tmp_path: Path) -> None:
    with pytest.raises(NotOffered, match="no engine can run on this store: Temporal"):
        await Engine(welcome, store=path).start()
    client = await connect(str(tmp_path), str(path), "normal")
    assert isinstance(client, RemoteEngine)
    assert client.viewer_of == 0
    with Sink(path):
        assert client.look_for_engine()
        assert client.viewer_of == os.getpid()
        with pytest.raises(StoreLocked, match="an engine runs on this store already"):
            Sink(path)


def test_an_engines_store_takes_no_turns(tmp_path: Path) -> None:
    path = small(tmp_path / "own.db")
    with pytest.raises(StoreError, match="an engine has carried on journeys in this store"):
        Sink(path)
    assert status(path).capabilities.driver == "local"
    assert engine_of(path) is None, "it holds no lock"


def test_status_and_pulse_tell_of_whoever_writes(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = status(path)
    assert (found.engine, found.metrics, found.turns_refused) == (None, None, 0)
    with Sink(path, driver="Temporal") as sink:
        bad = life("bad")
        bad[0].rows[0][6] = 99
        sink.take([*life("bob"), *bad], START)
        found = status(path)
        assert found.engine is not None
        assert found.engine[0] == os.getpid()
        assert found.metrics is not None
        assert (found.metrics.batch, found.metrics.queue, found.turns_refused) == (4, 3, 1)
        assert call(["status", "--store", str(path)]) == Exit.DONE
        out = capsys.readouterr().out
        assert "driver    Temporal; this store takes what it tells\n" in out
        assert f"sink      pid {os.getpid()}, since " in out
        assert "refused   1 turn kept aside\n" in out
    found = status(path)
    assert (found.engine, found.metrics, found.turns_refused) == (None, None, 1)
    with Views(path) as views:
        assert (views.meta(ENGINE), views.meta(ENGINE_METRICS)) == (None, None)
    assert call(["status", "--json", "--store", str(path)]) == Exit.DONE
    told = json.loads(capsys.readouterr().out)
    assert (told["capabilities"]["driver"], told["capabilities"]["rewind"]) == ("Temporal", False)
    assert (told["turns_refused"], told["engine"]) == (1, None)


@pytest.mark.parametrize(
    "words",
    [
        ["send", "signup", "--user", "ada"],
        ["cancel", "welcome/ada"],
        ["clock", "pause"],
        ["clock", "forward", "1d"],
        ["rewind", "3", "--yes"],
        ["fork", "3", "copy.db"],
        ["run", "--until-idle"],
    ],
    ids=" ".join,
)
def test_commands_are_refused_by_name(
    path: Path, words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(path.parent)
    Path("workflows").mkdir()
    Path("workflows/w.py").write_text("from studio import workflow\n@workflow\nasync def w(journey): ...\n")
    assert call([*words, "--store", path.name]) == Exit.WRONG
    assert ": Temporal carries its journeys on. " in capsys.readouterr().err
    assert not Path("copy.db").exists()
