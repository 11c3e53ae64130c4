"""What journeys draw by chance comes out the same in plays, tests and tries, and in what was recorded."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio import Engine, Journey, VirtualClock, current_step, workflow
from studio.design.explorer.samples import Samples
from studio.design.preview import Preview
from studio.errors import StoreError
from studio.events import event_files as eventfiles
from studio.events.recording import record
from studio.language.definition import Workflow
from studio.store.seed import FIXED
from studio.store.transfer import export, take_in
from studio.store.views import Views
from studio.testing.checked_play import play_and_check
from studio.testing.verbs import Journeys
from tests.cli.shell import shell
from tests.engine.support import entries

CASE = Path(__file__).parent / "record-chance"
USERS = ("u1", "u2", "u3", "u4", "u5", "u6")


def pay(idempotency_key: str) -> str:
    return idempotency_key


@workflow(trigger="signup")
async def draws(journey: Journey) -> dict[str, str]:
    return {"uuid": str(journey.uuid()), "key": await journey.step("pay", pay)}


async def played(store: Path, seed: str | None = None) -> None:
    lines = (CASE / "events.jsonl").read_text().splitlines()
    async with Engine(CASE / "workflows", store=store, clock=VirtualClock(), seed=seed) as engine:
        await engine.play(eventfiles.read(lines, engine.clock.now()))


def results(store: Path) -> list[object]:
    return [e.data["result"] for e in entries(store, "journey.completed")]


async def test_what_was_recorded_in_any_store_is_met_when_it_is_played(tmp_path: Path) -> None:
    store = tmp_path / "s.db"
    await played(store)
    for user in USERS:
        with Views(store) as views:
            lines = [json.dumps(line) for line in record(views, user, expect=True).lines]
            assert json.loads(lines[0])["seed"] == views.seed()
        done = await play_and_check(lines, CASE / "workflows")
        assert done.mismatch is None, str(done.mismatch)
        # A file of before carries no seed, and still plays: its chances are others.
        first = json.loads(lines[0])
        del first["seed"]
        other = await play_and_check([json.dumps(first), *lines[1:]], CASE / "workflows")
        assert other.mismatch is not None
        # And a seed of the caller's goes before that of the file.
        other = await play_and_check(lines, CASE / "workflows", seed="another")
        assert other.mismatch is not None


def test_each_play_draws_the_same_and_calls_with_keys_of_its_own(tmp_path: Path) -> None:
    def drawn(*more: str) -> list[tuple[str, str]]:
        done = shell(tmp_path, "play", "e.jsonl", "--workflows", str(tmp_path / "w.py"), "--json", *more)
        assert done.returncode == 0, done.stderr
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        ends = [line["data"]["result"] for line in lines if line["kind"] == "journey.completed"]
        return [(end["uuid"], end["key"]) for end in ends]

    (tmp_path / "w.py").write_text(
        "from studio import workflow\n"
        "def pay(idempotency_key):\n    return idempotency_key\n"
        "@workflow(trigger='signup')\n"
        "async def draws(journey):\n"
        "    return {'uuid': str(journey.uuid()), 'key': await journey.step('pay', pay)}\n"
    )
    (tmp_path / "e.jsonl").write_text('{"event": "signup", "user": "ada"}\n')
    ((uuid, key),) = drawn()
    ((same, other),) = drawn()
    assert uuid == same
    assert key != other, "a service would take the second call for the first"
    ((another, _),) = drawn("--seed", "another")
    assert another != uuid
    (tmp_path / "pyproject.toml").write_text('[tool.journey-studio]\nseed = "another"\n')
    assert drawn()[0][0] == another
    (tmp_path / "e.jsonl").write_text('{"event": "signup", "user": "ada", "seed": "third"}\n')
    ((third, _),) = drawn()
    assert third not in (uuid, another)
    # A store that is kept draws from a salt of its own, but keeps the seed of a record.
    assert drawn("--store", "kept.db")[0][0] == third
    (tmp_path / "e.jsonl").write_text('{"event": "signup", "user": "ada"}\n')
    assert drawn("--store", "one.db")[0][0] not in (uuid, another, third)
    refused = shell(
        tmp_path, "play", "e.jsonl", "--workflows", str(tmp_path / "w.py"), "--store", "one.db", "--seed", "x"
    )
    assert refused.returncode == 2
    assert "random and uuid are drawn from a seed of its own" in refused.stderr


def test_tests_draw_the_same_each_time() -> None:
    def drawn(seed: str = FIXED, *, stub: bool = False) -> tuple[str, str]:
        with Journeys(draws, seed=seed) as journeys:
            if stub:
                journeys.stub("pay", returns=lambda: current_step().idempotency_key)
            journeys.send("signup", "ada")
            result = journeys.journey("ada").result
            return result["uuid"], result["key"]

    (uuid, key), (same, other) = drawn(), drawn()
    assert uuid == same
    assert key != other, "the real function was called"
    assert drawn("another")[0] != uuid
    # Where nobody is called there is nobody who could take it for the first.
    assert drawn(stub=True) == drawn(stub=True)


def test_tries_draw_the_same_each_time() -> None:
    def drawn(seed: str = FIXED) -> object:
        tried: Workflow = draws
        preview = Preview(tried, Samples(), 1_750_000_000_000, seed)
        try:
            preview.begin()
            (ended,) = entries(preview.store, "journey.completed")
            return ended.data["result"]["uuid"]
        finally:
            preview.end()

    assert drawn() == drawn()
    assert drawn("another") != drawn()


async def test_a_store_keeps_the_seed_that_it_was_given(tmp_path: Path) -> None:
    one, other = tmp_path / "one.db", tmp_path / "other.db"
    await played(one, "mine")
    await played(other, "mine")
    assert results(one) == results(other)
    with pytest.raises(StoreError, match="a seed of its own"):
        await played(one, "another")
    # Said again, or not at all, it is the same; also after a restart.
    await played(one, "mine")
    async with Engine(draws, store=one, clock=VirtualClock()) as engine:
        await engine.ingest("signup", "new")
        await engine.run_until_idle()
    async with Engine(draws, store=other, clock=VirtualClock(), seed="mine") as engine:
        await engine.ingest("signup", "new")
        await engine.run_until_idle()
    (here,), (there,) = (entries(store, "journey.completed", user="new") for store in (one, other))
    assert here.data["result"]["uuid"] == there.data["result"]["uuid"]
    assert here.data["result"]["key"] != there.data["result"]["key"]


async def test_an_import_takes_the_seed_over(tmp_path: Path) -> None:
    one, other = tmp_path / "one.db", tmp_path / "other.db"
    await played(one, "mine")
    told = take_in(other, [json.dumps(line).encode() for line in export(one)], "export")
    assert told.same_salt
    with Views(other) as views:
        assert views.seed() == "mine"
