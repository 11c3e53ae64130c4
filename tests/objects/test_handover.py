"""A user goes from one engine to another, with all that they have: once, whatever is cut off."""

from __future__ import annotations

import asyncio
import re
import shutil
from pathlib import Path
from typing import Any

import pytest
from obstore.store import LocalStore

from studio import Engine, Journey, StudioError, VirtualClock, workflow
from studio.cli import call
from studio.errors import EventError, NotOffered
from studio.objects import handover
from studio.objects.handover import HandoverLost, Handovers
from studio.store.handed_over import note_handover
from studio.store.rebuild import compare
from studio.store.views import Views
from tests.engine.support import entries
from tests.objects.servers import Proxy, store
from tests.objects.test_clients import Plain

START = 1_795_519_800_000
DAY = 86_400_000
mails: list[tuple[str, str]] = []


def send_mail(key: str, user: str) -> str:
    mails.append((user, key))
    return "sent"


@workflow(trigger="signup")
async def welcome(journey: Journey) -> dict[str, Any]:
    draw = journey.random()
    journey.log(str(draw))
    await journey.step("mail", lambda: send_mail("first", journey.id))
    paid = await journey.wait_for("paid", timeout="7d")
    await journey.step("bill", lambda: send_mail("second", journey.id))
    return {"paid": bool(paid), "draw": str(draw)}


@workflow(trigger="tell")
async def tells(journey: Journey) -> bool:
    await journey.ingest("hello", user="bob")
    return True


def engine(path: Path, at: int = START) -> Engine:
    return Engine([welcome, tells], store=path, clock=VirtualClock(at))


async def begin(path: Path, *users: str) -> None:
    async with engine(path) as one:
        for user in users:
            await one.ingest("signup", {"id": user, "email": f"{user}@example.com"}, id=f"s-{user}")
        await one.run_until_idle()


def kinds(path: Path, user: str) -> list[str]:
    return [entry.kind for entry in entries(path, user=user)]


@pytest.fixture
def there(tmp_path: Path, between: Proxy) -> Any:
    return store(between.port), tmp_path.name


@pytest.fixture
def a(tmp_path: Path, there: Any) -> Handovers:
    mails.clear()
    return Handovers(tmp_path / "a.db", *there)


@pytest.fixture
def b(tmp_path: Path, there: Any) -> Handovers:
    return Handovers(tmp_path / "b.db", *there)


async def off(act: Any, *args: Any) -> Any:
    """Outside of this loop, as a command does it."""
    return await asyncio.to_thread(act, *args)


async def test_a_user_goes_on_elsewhere_and_comes_back(a: Handovers, b: Handovers) -> None:
    await begin(a.path, "ada", "bob")
    before = kinds(a.path, "ada")
    assert await off(a.release, "ada") == 1
    with pytest.raises(HandoverLost, match="'ada' is with another engine"):
        await off(a.release, "ada")
    assert await off(b.adopt, "ada") == 1
    assert kinds(b.path, "ada") == before
    assert compare(a.path) == compare(b.path) == []
    async with engine(a.path) as one:
        with pytest.raises(EventError, match="'ada' was handed over to another engine"):
            await one.ingest("paid", "ada")
        await one.forward("8d")
    assert [user for user, _ in mails] == ["welcome/ada", "welcome/bob", "welcome/bob"], (
        "a timer of hers is gone"
    )
    async with engine(b.path, START + DAY) as two:
        await two.ingest("paid", "ada")
        await two.run_until_idle()
    assert mails[-1] == ("welcome/ada", "second")
    with Views(b.path) as views:
        journey = views.journey("welcome/ada")
        assert journey is not None
        assert journey.status == "completed"
        (logged,) = [entry.message for entry in views.timeline("ada") if entry.kind == "log"]
        (done,) = [entry.data for entry in views.timeline("ada") if entry.kind == "journey.completed"]
    assert done["result"] == {"paid": True, "draw": logged}, "what was drawn by chance is drawn again"
    assert await off(b.release, "ada") == 2
    assert await off(a.adopt, "ada") == 2
    assert kinds(a.path, "ada")[: len(before)] == before
    assert kinds(a.path, "ada")[-1] == "journey.completed"
    assert len(mails) == 4
    assert compare(a.path) == compare(b.path) == []


async def test_what_a_journey_sends_to_somebody_who_is_elsewhere_is_refused_at_its_line(
    a: Handovers, b: Handovers
) -> None:
    await begin(a.path, "ada", "bob")
    await off(a.release, "bob")
    async with engine(a.path) as one:
        await one.ingest("tell", "ada")
        await one.run_until_idle()
    (failed,) = [entry for entry in entries(a.path, user="ada") if entry.kind == "journey.failed"]
    says = r"test_handover\.py:\d+: 'bob' was handed over to another engine\. Hand over together"
    assert re.match(says, failed.data["message"])
    assert kinds(a.path, "bob") == [], "nobody begins a second time"
    # It is mended where both of them are.
    await off(a.release, "ada")
    await off(b.adopt, "ada")
    await off(b.adopt, "bob")
    async with engine(b.path) as two:
        await two.resume("tells/ada")
        await two.run_until_idle()
    assert "hello" in [entry.name for entry in entries(b.path, user="bob")]
    assert kinds(b.path, "ada")[-1] == "journey.completed"
    assert compare(a.path) == compare(b.path) == []


async def test_of_two_who_take_a_user_over_one_does(a: Handovers, b: Handovers, tmp_path: Path) -> None:
    await begin(a.path, "ada")
    await off(a.release, "ada")
    others = [b, *(Handovers(tmp_path / f"c{n}.db", b.store, b.prefix) for n in range(5))]
    done = await asyncio.gather(*(off(each.adopt, "ada") for each in others), return_exceptions=True)
    assert [each for each in done if each == 1] == [1]
    assert [type(each) for each in done if each != 1] == [HandoverLost] * 5
    (winner,) = [each for each, came in zip(others, done, strict=True) if came == 1]
    assert await off(winner.release, "ada") == 2


async def test_two_that_both_believe_they_have_a_user(a: Handovers, b: Handovers, tmp_path: Path) -> None:
    """A's store comes back from a copy that was made before the hand-over."""
    await begin(a.path, "ada")
    for suffix in ("", "-wal"):
        if a.path.with_name(a.path.name + suffix).exists():
            shutil.copy(a.path.with_name(a.path.name + suffix), tmp_path / ("old.db" + suffix))
    old = Handovers(tmp_path / "old.db", a.store, a.prefix)
    await off(a.release, "ada")
    await off(b.adopt, "ada")
    with pytest.raises(HandoverLost, match="What is here is an old copy: journey-studio objects reload"):
        await off(old.release, "ada")
    assert kinds(old.path, "ada"), "nothing was taken from it yet"
    with pytest.raises(HandoverLost, match="'ada' was taken over by another engine"):
        await off(old.reload, "ada")
    assert kinds(old.path, "ada") == []
    await off(b.release, "ada")
    assert await off(old.adopt, "ada") == 2
    async with engine(old.path) as one:
        await one.ingest("paid", "ada")
        await one.run_until_idle()
    assert mails == [("welcome/ada", "first"), ("welcome/ada", "second")], "nothing twice"
    assert compare(old.path) == []


@pytest.mark.parametrize("where", ["create", "let_go"])
async def test_a_release_that_was_cut_off_is_ended_by_the_next(
    a: Handovers, b: Handovers, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    await begin(a.path, "ada")

    class Killed(BaseException):
        pass

    def kill(*_: Any, **__: Any) -> Any:
        raise Killed

    with monkeypatch.context() as patch:
        if where == "create":
            patch.setattr("studio.objects.clients.ObstoreClient.create", kill)
        else:
            patch.setattr(handover, "let_go", kill)
        with pytest.raises(Killed):
            await off(a.release, "ada")
    async with engine(a.path) as one:
        with pytest.raises(EventError, match="handed over"):
            await one.ingest("paid", "ada")
    assert await off(a.release, "ada") == 1
    assert kinds(a.path, "ada") == []
    assert await off(b.adopt, "ada") == 1
    assert len(kinds(b.path, "ada")) > 3


@pytest.mark.parametrize("where", ["take_in", "note_handover"])
async def test_an_adoption_that_was_cut_off_is_ended_by_the_next(
    a: Handovers, b: Handovers, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    await begin(a.path, "ada")
    before = kinds(a.path, "ada")
    await off(a.release, "ada")
    real = note_handover

    class Killed(BaseException):
        pass

    def kill(*args: Any, **__: Any) -> Any:
        if where == "note_handover" and args[2].state == "arriving":
            return real(*args)
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(handover, where, kill)
        with pytest.raises(Killed):
            await off(b.adopt, "ada")
    assert await off(b.adopt, "ada") == 1
    assert kinds(b.path, "ada") == before
    assert compare(b.path) == []


async def test_what_cannot_be_is_named(a: Handovers, b: Handovers, tmp_path: Path) -> None:
    await begin(a.path, "ada", "bob")
    with pytest.raises(StudioError, match="there is no user 'cleo'"):
        await off(a.release, "cleo")
    with pytest.raises(StudioError, match="nobody has let 'bob' go"):
        await off(b.adopt, "bob")
    with pytest.raises(StudioError, match="nobody has let 'bob' go"):
        await off(a.reload, "bob")
    with pytest.raises(StudioError, match="the user 'ada' already exists"):
        await off(a.adopt, "ada")
    with pytest.raises(NotOffered, match="has no create-only puts"):
        await off(Handovers(a.path, Plain()).release, "ada")
    await off(a.release, "ada")
    await begin(b.path, "eve")
    with pytest.raises(StudioError, match="the engines' stores have different salts"):
        await off(b.adopt, "ada")


def test_the_commands_hand_over(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mails.clear()
    asyncio.run(begin(tmp_path / "a.db", "ada", "bob"))
    url = f"file://{tmp_path}/objects"
    assert LocalStore(tmp_path / "objects", mkdir=True)

    def run(act: str, *users: str, on: str) -> int:
        return call(["objects", act, *users, "--url", url, "--store", str(tmp_path / on)])

    assert run("release", "ada", "bob", on="a.db") == 0
    assert capsys.readouterr().out == "released ada, hand-over 1\nreleased bob, hand-over 1\n"
    assert run("adopt", "ada", "bob", on="b.db") == 0
    assert capsys.readouterr().out == "adopted ada, hand-over 1\nadopted bob, hand-over 1\n"
    assert run("release", on="b.db") == 2
    assert "Name a user: objects release USER." in capsys.readouterr().err
    assert run("release", "ada", on="a.db") == 2
    assert "'ada' is with another engine" in capsys.readouterr().err
