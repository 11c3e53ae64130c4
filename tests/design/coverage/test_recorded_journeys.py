"""Ways of the map that journeys have gone, on real histories."""

from __future__ import annotations

from collections.abc import Callable

from studio import Journey, StepFailed, channel, workflow
from studio.design.coverage.map_walk import MapGraph
from studio.design.coverage.recorded_journeys import Gone, gone_in
from studio.design.outline.flow_reader import read
from studio.language.definition import Workflow
from studio.testing import Journeys

email = channel("email")


def send(to: str) -> str:
    raise AssertionError("a step's own function was called")


async def remind(journey: Journey, name: str) -> bool:
    """A helper that is used twice."""
    await journey.step(name, send, journey.user.id)
    return bool(await journey.wait_for("answer", timeout="1d"))


@workflow(trigger="go")
async def branches(journey: Journey) -> str:
    """Sides of conditions, on one line and on several; a helper; a loop that is left."""
    for number in range(3):
        paid = await journey.wait_for(
            "paid",
            timeout="1d",
        )
        if paid.first is not None and paid.first.get("big"):
            break
        if paid: journey.log("small")  # noqa: E701  # fmt: skip  # noqa: E701
        if number == 1: continue  # noqa: E701  # fmt: skip  # noqa: E701
        journey.log("round")
    else:
        return "none"
    if await remind(journey, "first"): return "first"  # noqa: E701  # fmt: skip  # noqa: E701
    if await remind(journey, "second"):
        return "second"
    return (await journey.wait_for("late", timeout="1h") and "late") or "never"


@workflow(trigger="go")
async def caught(journey: Journey) -> str:
    """An exception that is caught around a step, and what always follows."""
    try:
        await journey.step("risky", send, journey.user.id)
        journey.log("done")
    except Exception:
        journey.log("failed")
    finally:
        journey.log("after")
    try:  # noqa: SIM105
        await journey.step("silent", send, journey.user.id)
    except StepFailed:
        pass
    print("end")
    return "end"


@workflow(trigger="go")
async def passes(journey: Journey) -> str | None:
    """Passes, a group, and a channel."""
    yes, no = await journey.wait_any(journey.wait_for("yes"), journey.wait_for("no"), timeout="1d")
    match (bool(yes), bool(no)):
        case (True, _):
            return "yes"
        case (_, True):
            sent = await journey.message(email, "sorry", send, journey.user.id)
            journey.log("sent" if sent else "not sent")
        case _:
            await journey.new_pass()
    return None


def gone_by(tried: Workflow, act: Callable[[Journeys], None]) -> tuple[list[str], Gone]:
    """The ways that were not gone, as "line → line label"; and all that was."""
    with Journeys(tried) as journeys:
        act(journeys)
        engine, _ = journeys._running()
        found, problems = gone_in(engine.path, engine.workflows)
    assert problems == []
    graph = MapGraph(read(tried))
    gone = found[tried.name]
    assert gone.ways <= graph.labels.keys()
    first = tried.line
    missing = []
    for way in graph.labels:
        if way not in gone.ways:
            source, target = graph.nodes[way.source], graph.nodes[way.target]
            label = graph.labels[way]
            missing.append(
                f"{source.kind}{source.line - first} {target.kind}{target.line - first} {label}".rstrip()
            )
    return missing, gone


def test_nobody_has_gone_anything() -> None:
    missing, gone = gone_by(branches, lambda journeys: journeys._running() and None)
    assert (len(missing), gone.journeys) == (len(MapGraph(read(branches)).labels), 0)


def test_a_branch_on_one_line_is_told_from_the_way_round_it() -> None:
    def act(journeys: Journeys) -> None:
        journeys.stub("*")
        journeys.send("go", "ada")
        journeys.forward("1d")
        journeys.send("paid", "ada", {"big": True})

    missing, gone = gone_by(branches, act)
    assert gone.journeys == 1
    # Of the first round the log, of the second the break, then the first helper's step and wait.
    assert "branch10 log10 if paid" in missing
    assert "branch11 again11 if number == 1" in missing
    assert not any(each.startswith(("branch10 branch11", "branch11 log12", "leave")) for each in missing)

    def act_more(journeys: Journeys) -> None:
        act(journeys)
        journeys.forward("30d")
        journeys.send("go", "bob")
        journeys.send("paid", "bob")
        journeys.forward("3d")
        for user, answers in (("cy", 1), ("dee", 2)):
            journeys.send("go", user)
            journeys.send("paid", user, {"big": True})
            if answers == 2:
                journeys.forward("1d")
            journeys.send("answer", user)
        journeys.forward("30d")

    missing, _ = gone_by(branches, act_more)
    assert missing == []


def test_an_exception_goes_its_own_way() -> None:
    def well(journeys: Journeys) -> None:
        journeys.stub("*")
        journeys.send("go", "ada")

    def badly(journeys: Journeys) -> None:
        journeys.stub("*", fails=True)
        journeys.send("go", "ada")
        journeys.forward("1d")

    missing, _ = gone_by(caught, well)
    assert missing == [
        "try3 log7 except Exception",
        "log7 log9",
        "try10 log14 except StepFailed",
    ]
    missing, _ = gone_by(caught, badly)
    assert missing == ["step4 log5", "log5 log9", "step11 log14"]


def test_passes_groups_and_messages() -> None:
    def act(journeys: Journeys) -> None:
        journeys.stub("*")
        journeys.send("go", "ada")
        journeys.send("yes", "ada")
        journeys.send("go", "bob")
        journeys.send("no", "bob")
        journeys.send("go", "bob")

    missing, gone = gone_by(passes, act)
    assert missing == ["branch4 new_pass11 case _"]
    ends = {each.end: each.turns for each in gone.went}
    assert set(ends) == {"completed", "idle"}
    (answered,) = ends["completed"]
    assert (answered.kind, answered.outcome, answered.opened) == ("any", "matched matched open", True)
    # What is there already is found without a wait, and is the same turn.
    assert [turn.kind for turn in ends["idle"]] == ["any", "message", "pass", "any", "message"]
