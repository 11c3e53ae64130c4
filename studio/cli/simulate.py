"""Let made-up users go through a workflow, and compare two versions of it."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from studio.cli import complete
from studio.cli.options import PATH, shared
from studio.cli.output import complain, write
from studio.cli.settings import Settings
from studio.cli.versions import interruptible, loaded_with, stub_results
from studio.errors import StudioError
from studio.text.printable import clean, json_line

if TYPE_CHECKING:
    from studio.language.definition import Workflow
    from studio.reports.funnel import Funnel
    from studio.reports.reading import FunnelReader
    from studio.reports.simulation.compare import VersionDifference
    from studio.reports.simulation.profile import Profile
    from studio.reports.simulation.simulating import Simulated, SimulationRun
    from studio.reports.simulation.sweep import Moved

START = "2026-03-02T09:00Z"
"""When the first comes: nine in the morning of a Monday."""
TELL_SECONDS = 0.2


@click.command()
@click.argument("name", shell_complete=complete.workflows)
@click.option(
    "--users", type=click.IntRange(1, 1_000_000), default=10_000, show_default=True, help="How many come."
)
@click.option(
    "--for", "long", default="90d", show_default=True, metavar="TIME", help="How long all is looked at."
)
@click.option("--profile", type=PATH, metavar="FILE", help="Who they are and what they do; see --init.")
@click.option(
    "--seed", default="1", show_default=True, metavar="TEXT", help="What all chances are drawn from."
)
@click.option(
    "--init", type=PATH, metavar="FILE", help="Only write a profile to begin with, from the source."
)
@click.option(
    "--fit", is_flag=True, help="Take chances and delays from the store, and say how well they fit."
)
@click.option(
    "--against", metavar="FILE|git:REF", help="Let the same people go through another version, too."
)
@click.option(
    "--sweep", is_flag=True, help="With --against: which rates of the profile decide, 2,000 users each."
)
@click.option(
    "--stub", "stubs", multiple=True, metavar="STEP=JSON", help="The result of a step.  [default: null]"
)
@click.option("--as", "file", type=PATH, metavar="FILE", help="Keep the store, to open it in the studio.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object, for scripts.")
@shared
def simulate(
    settings: Settings,
    name: str,
    users: int,
    long: str,
    profile: str | None,
    seed: str,
    init: str | None,
    fit: bool,
    against: str | None,
    sweep: bool,
    stubs: tuple[str, ...],
    file: str | None,
    as_json: bool,
) -> None:
    """Let made-up users go through the workflow NAME, in no time, and show its funnel.

    With --against the same people go through two versions: A is the other one, B the present.
    No step is called. Ctrl+c shows what there is so far.
    """
    from studio.reports.simulation.other_version import other_version

    workflows = loaded_with(settings, name)
    if init is not None:
        _write_profile(init, workflows[name])
        return
    if sweep and against is None:
        raise click.UsageError("--sweep moves the rates of a comparison; say --against, too.")
    habits = _profile(profile, workflows[name])
    if fit:
        habits = _fitted(settings, name, habits)
    run = _run({name: workflows[name]}, habits, users, long, seed, stubs)
    with _working_folder(file) as folder, interruptible() as gone:
        present = _simulate(run, Path(file) if file else folder / "b.db", gone)
        if against is None:
            with _read(present, workflows[name]) as (reader, whole):
                _print_one(present, whole, reader, as_json, seed, file)
            return
        with other_version(against, Path(settings.workflows), name) as others:
            before = run.driven_by({name: others[name]})
            past = _simulate(before, folder / "a.db", gone)
            with _read(past, others[name]) as (one, _), _read(present, workflows[name]) as (other, whole):
                found = _compared(one, other)
            moved = _swept(run, before, name, folder) if sweep else []
    _print_both(present, whole, found, moved, as_json, against)


# -- what runs ---------------------------------------------------------------------------------


def _write_profile(file: str, workflow: Workflow) -> None:
    from studio.design.outline.flow_reader import read
    from studio.reports.simulation.first_profile import first_profile

    try:
        with open(file, "x", encoding="utf-8") as out:
            out.write(first_profile(workflow, read(workflow)))
    except FileExistsError:
        raise StudioError("it is there already", where=file, fix="Name another file.") from None
    except OSError as error:
        raise StudioError(error.strerror or str(error), where=file) from error
    complain(
        f"{file} is written. Put its numbers right, then: simulate {workflow.name} --profile {file}",
        plain=True,
    )


def _profile(file: str | None, workflow: Workflow) -> Profile:
    from studio.reports.simulation.profile import profile_of, read_profile

    if file is not None:
        return read_profile(Path(file))
    import tomllib

    from studio.design.outline.flow_reader import read
    from studio.reports.simulation.first_profile import first_profile

    complain(
        "no --profile: everybody's chances are made up; simulate NAME --init FILE writes them down",
        plain=True,
    )
    return profile_of(tomllib.loads(first_profile(workflow, read(workflow))), "the usual profile")


def _fitted(settings: Settings, name: str, profile: Profile) -> Profile:
    """The profile with what the store says; how far that is from those who came last is said first."""
    from studio.cli.looking import now_in
    from studio.clocks import durations
    from studio.reports.reading import FunnelReader
    from studio.reports.simulation.fitting import entrants, fit, fitted
    from studio.reports.simulation.profile import ENTRY
    from studio.store.views import Views

    found = []
    with Views(settings.file()) as views:
        reader = FunnelReader(views, name)
        reader.read()
        now = now_in(views)
        for event in dict.fromkeys(habit.event for habit in profile.habits if habit.after == ENTRY):
            people = entrants(reader.fold.journeys.values(), views.events_from_outside(event), now)
            each = fit(event, people)
            if each is None:
                complain(f"{event}: it never came, so its chance stays a guess", plain=True)
                continue
            found.append(each)
            told = f"{event}: {100 * each.chance:.1f} % of {each.people:,} sent it, half of them within "
            told += durations.short(each.delay.p50_ms)
            told += f", nine of ten within {durations.short(each.delay.p90_ms)}"
            if each.miss is not None:
                told += (
                    f"; by {durations.short(each.by_ms)} those who came last did so "
                    f"{100 * each.miss:+.1f} points against it"
                )
            complain(told, plain=True)
    return fitted(profile, found)


def _run(
    workflows: Mapping[str, Workflow],
    profile: Profile,
    users: int,
    long: str,
    seed: str,
    stubs: Sequence[str],
) -> SimulationRun:
    from studio.clocks import durations, moments
    from studio.reports.simulation.simulating import SimulationRun

    start = moments.parse(START, 0) if profile.start_ms is None else profile.start_ms
    return SimulationRun(
        workflows, profile, users, start, start + durations.parse(long), seed, stub_results(stubs).get
    )


@contextmanager
def _working_folder(file: str | None) -> Iterator[Path]:
    """A folder that goes at the end. The store that is kept must not be there yet."""
    if file is not None and Path(file).exists():
        raise StudioError("it is there already", where=file, fix="Name a file that is made.")
    with TemporaryDirectory(prefix="journey-studio-") as folder:
        yield Path(folder)


def _simulate(run: SimulationRun, store: Path, gone: Callable[[], bool]) -> Simulated:
    from studio.clocks import durations
    from studio.reports.simulation.simulating import simulate as simulated

    begun = told = time.monotonic()

    def tell(done: int) -> None:
        nonlocal told
        now = time.monotonic()
        if not sys.stderr.isatty() or now - told < TELL_SECONDS:
            return
        told = now
        left = durations.short(round(1000 * (now - begun) / done * (run.users - done)))
        print(f"\r\x1b[K{done:,} of {run.users:,} users, {left} left", end="", file=sys.stderr, flush=True)

    try:
        return simulated(run, store, tell, gone)
    finally:
        if sys.stderr.isatty():
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


@contextmanager
def _read(simulated: Simulated, workflow: Workflow) -> Iterator[tuple[FunnelReader, Funnel]]:
    from studio.reports.reading import FunnelReader
    from studio.store.views import Views

    name = workflow.name
    with Views(simulated.store) as views:
        reader = FunnelReader(views, name)
        reader.declared(workflow)
        reader.read()
        yield reader, reader.funnel(simulated.until, reader.goal)


def _compared(one: FunnelReader, other: FunnelReader) -> list[VersionDifference]:
    from studio.reports.simulation.compare import compared, outcomes

    has_goal = one.goal is not None and other.goal is not None
    first, second = (
        {reader.user_name(user): came for user, came in outcomes(reader.fold.journeys, has_goal).items()}
        for reader in (one, other)
    )
    return compared(first, second)


def _swept(run: SimulationRun, before: SimulationRun, name: str, folder: Path) -> list[Moved]:
    from studio.reports.simulation.sweep import USERS, sweep

    def difference(profile: Profile) -> float:
        shares = []
        for at, each in enumerate((before, run)):
            store = folder / f"sweep{at}.db"
            with _read(_simulate(each.of(profile, USERS), store, lambda: False), each.workflows[name]) as (
                _,
                funnel,
            ):
                shares.append(funnel.reached / max(1, funnel.entered))
            store.unlink()
        return shares[1] - shares[0]

    return sorted(sweep(run.profile, difference), key=lambda moved: -moved.reach)


# -- what is said ------------------------------------------------------------------------------


def _print_one(
    simulated: Simulated, funnel: Funnel, reader: FunnelReader, as_json: bool, seed: str, file: str | None
) -> None:
    from studio.reports.as_json import as_json as funnel_json

    if as_json:
        write([json_line({**_facts(simulated), "seed": seed, "funnel": funnel_json(funnel)})])
        return
    from studio.cli.tables import table
    from studio.reports import words

    write([_told(simulated), "", clean(words.heading(funnel)), ""])
    write(table(words.HEADS, map(words.cells, funnel.nodes)))
    write(["", *map(clean, words.lines(funnel)), "", words.GUESSED])
    if file is not None:
        complain(f"journey-studio --store {file} opens it", plain=True)


def _print_both(
    simulated: Simulated,
    funnel: Funnel,
    found: Sequence[VersionDifference],
    moved: Sequence[Moved],
    as_json: bool,
    against: str,
) -> None:
    from studio.reports.as_json import as_json as funnel_json
    from studio.reports.simulation import difference_words as words

    if as_json:
        differences = [words.as_json(each) for each in found]
        swept = [{"rate": each.name, "low": each.low, "high": each.high} for each in moved]
        facts = {**_facts(simulated), "against": against, "differences": differences, "sweep": swept}
        write([json_line({**facts, "funnel": funnel_json(funnel)})])
        return
    write([_told(simulated), f"A is {clean(against)}, B what is in the folder now.", ""])
    write(map(clean, words.lines(found, simulated.users)))
    if moved:
        write(["", *map(clean, words.swept(found, moved))])


def _facts(simulated: Simulated) -> dict[str, Any]:
    return {
        "users": simulated.users,
        "asked": simulated.asked,
        "whole": simulated.is_whole,
        "events_to_others": simulated.dropped,
        "cut": simulated.cut,
    }


def _told(simulated: Simulated) -> str:
    from studio.reports.simulation.person import MOST_CAUSES
    from studio.wording.values import counted

    told = f"{counted(simulated.users, 'made-up user')} went through"
    if not simulated.is_whole:
        told += f", of {simulated.asked:,} that were asked for: it was interrupted"
    if simulated.cut:
        told += (
            f". To {counted(simulated.cut, 'of them', 'of them')} so much happened "
            f"(more than {MOST_CAUSES:,} events, deadlines and steps) that the rest is left out"
        )
    return f"{told}."


__all__ = ["simulate"]
