"""Begin a workflow for people who are there already."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from studio.cli import complete
from studio.cli.asking import yes_option
from studio.cli.client import client_of
from studio.cli.options import json_option, shared
from studio.cli.output import Exit, complain, write
from studio.cli.send import read_data, tell_where
from studio.cli.settings import Settings
from studio.cli.start_finished import FROM, Ask, start_finished
from studio.errors import DurationError, EventError, StudioError
from studio.text.printable import clean, json_line
from studio.wording.values import counted

if TYPE_CHECKING:
    from studio.language.definition import Workflow

T = TypeVar("T")

MOST_USERS = 1_000_000
"""Of one `user{1..50}`."""
BATCH = 1_000
"""Users whose starts are added in one transaction, at the most."""
BATCHES_A_SECOND = 10
"""With --rate: one that is slow is spread over the second."""


class RateParameter(click.ParamType[float]):
    """A number in a unit of time, such as 100/s; gives how many a second."""

    name = "rate"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        from studio.clocks import durations

        found = re.fullmatch(r"\s*(\d{1,9})\s*/\s*(?:1\s*)?([a-z]+)\s*", str(value))
        try:
            if found is not None and (count := int(found[1])):
                return count * 1000 / durations.parse(f"1{found[2]}")
        except DurationError:
            # Told below, with an example of a rate.
            pass
        self.fail(f"{value!r} is not a rate. Write 100/s, 600/m or 5000/h.", param, ctx)


@click.command()
@click.argument("workflow", shell_complete=complete.workflows)
@click.option(
    "--users",
    "given",
    multiple=True,
    metavar="USER|@FILE|-",
    help="Who: an id, user{1..50}, a file or stdin with one a line; may be given several times.",
)
@click.option("--all", "everyone", is_flag=True, help="Everyone in the store.")
@click.option(
    "--from",
    "which",
    type=click.Choice(FROM),
    help="Have people go on who have finished: a step was appended since. finished: also idle journeys.",
)
@yes_option
@click.option(
    "--rate",
    type=RateParameter(),
    metavar="100/s",
    help="Start at most this many per second, minute or hour.",
)
@click.option(
    "--data", metavar="JSON|@FILE|-", help="Data of the trigger; without it that is a past event of the user."
)
@json_option
@shared
def start(
    settings: Settings,
    workflow: str,
    given: tuple[str, ...],
    everyone: bool,
    which: str | None,
    yes: bool,
    rate: float | None,
    data: str | None,
    as_json: bool,
) -> Exit:
    """Start WORKFLOW for existing users.

    The trigger is each user's newest event that would have started it, or else the start itself.
    Users who already have a journey in it are left alone, unless it may start again. A running
    engine takes the starts; without one they wait in the store.

    \b
        journey-studio start welcome --users ada --users 'user{1..50}'
        journey-studio users --json | journey-studio start welcome --users - --rate 100/s

    With --from completed those go on who have finished: the end of their journey is void, what it did stays,
    and the code of now drives it to the first thing that it has not done. How many would then stand where
    is said before you are asked.

    \b
        journey-studio start welcome --from completed
    """
    settings.file()
    if which is not None:
        return _go_on(settings, workflow, given, everyone, which, yes, rate, data, as_json)
    if yes:
        raise click.UsageError("--yes goes with --from: nothing else is asked.")
    if bool(given) == everyone:
        raise click.UsageError("Say for whom: --users USER, or --all; one of them.")
    if (*given, data).count("-") > 1:
        raise click.UsageError("stdin can be read once only.")
    begun = _workflow(settings, workflow)
    _refuse_paused(settings, workflow)
    fields = read_data(data)
    users = Newcomers(settings, begun, _everyone(settings) if everyone else _named(given))
    started = _start(settings, begun, fields, users, rate, as_json)
    if not as_json:
        there = f"; {counted(users.left, 'user')} had begun it before" if users.left else ""
        write([f"starts {clean(workflow)} for {counted(started, 'user')}{there}"])
        if started:
            tell_where(client_of(settings))
    return Exit.DONE


def _start(
    settings: Settings, workflow: Workflow, data: Any, users: Iterable[str], rate: float | None, as_json: bool
) -> int:
    """Add the starts; gives how many."""
    from studio.language.names import START

    told = workflow.name if as_json else None
    return _add(settings, ((START + workflow.name, user, data) for user in users), rate, told)


def _go_on(
    settings: Settings,
    name: str,
    given: tuple[str, ...],
    everyone: bool,
    which: str,
    yes: bool,
    rate: float | None,
    data: str | None,
    as_json: bool,
) -> Exit:
    """Of those who have finished."""
    if given and everyone:
        raise click.UsageError("Say for whom: --users USER, or --all; one of them.")
    if data is not None:
        raise click.UsageError("--data is of a trigger: who has finished goes on, and has one.")
    begun = _workflow(settings, name)
    _refuse_paused(settings, name)
    return start_finished(
        settings,
        begun,
        which,
        _named(given) if given else None,
        lambda asks: _add(settings, asks, rate, None),
        yes,
        as_json,
    )


def _add(settings: Settings, asks: Iterable[Ask], rate: float | None, told: str | None) -> int:
    """Add events; gives how many.

    Args:
        told: the workflow, where each is told as a line of JSON.
    """
    from studio.engine.on_demand import carry_out
    from studio.language.incoming import incoming

    client = client_of(settings)
    started = 0
    size = BATCH if rate is None else max(1, min(BATCH, int(rate / BATCHES_A_SECOND)))
    try:
        for some in parts(asks, size, rate):
            carry_out(client.send_many([incoming(*each) for each in some]))
            started += len(some)
            if told is not None:
                write([json_line({"workflow": told, "user": user}) for _, user, _ in some])
    except (StudioError, KeyboardInterrupt):
        # Whatever ends it: what was added stays, and the same call again goes on behind it.
        were = "was" if started == 1 else "were"
        complain(f"{counted(started, 'start')} {were} added before that.", plain=True)
        raise
    return started


def parts(
    items: Iterable[T],
    size: int,
    rate: float | None = None,
    now: Callable[[], float] = time.monotonic,
    sleep: Callable[[float], object] = time.sleep,
) -> Iterator[list[T]]:
    """Items in parts of a size, each when the ones before it have had their time.

    Args:
        rate: items a second; None does not wait.
    """
    left = iter(items)
    due = now()
    while part := list(islice(left, size)):
        if rate is not None:
            if (pause := due - now()) > 0:
                sleep(pause)
            # What was late is not caught up with: a rate is what others can bear.
            due = max(due, now()) + len(part) / rate
        yield part


# -- who -----------------------------------------------------------------------------------


def _named(given: tuple[str, ...]) -> Iterator[str]:
    from studio.events.user_spans import each_user

    for text in given:
        if text == "-":
            yield from _listed("-")
        elif text.startswith("@"):
            yield from _listed(text[1:])
        elif (many := each_user(text, MOST_USERS)) is not None:
            yield from (user for user, _ in many)
        else:
            yield text


def _listed(path: str) -> Iterator[str]:
    """The users of a file, one a line: an id, or an object that says `user` or `id`."""
    from studio.cli.input_lines import lines, opened

    with opened(path) as (descriptor, name):
        for number, line in enumerate(lines(descriptor, name), 1):
            if (user := _listed_user(line, f"{name}:{number}")) is not None:
                yield user


def _listed_user(line: bytes, where: str) -> str | None:
    from studio.language.names import fault
    from studio.text import json_text as jsontext

    fix = 'Write one id a line, or {"user": "user1"}.'
    try:
        user: Any = line.decode("utf-8-sig").strip()
        if not user or user.startswith("#"):
            return None
        if user.startswith("{"):
            fields = jsontext.loads_event(user)
            user = fields.get("user", fields.get("id")) if isinstance(fields, dict) else None
            if isinstance(user, dict):
                user = user.get("id")
    except UnicodeDecodeError:
        raise EventError("it is not UTF-8", where=where, fix=fix) from None
    except jsontext.NotJson as error:
        raise EventError(f"it is not valid JSON: {error}", where=where, fix=fix) from None
    if why := fault(user):
        raise EventError(f"the user {why}", where=where, fix=fix)
    assert isinstance(user, str)
    return user


def _everyone(settings: Settings) -> Iterator[str]:
    from studio.store.views import Views

    with Views(settings.store) as views:
        after: str | None = None
        while page := views.users(limit=BATCH, after=after):
            after = page[-1].id
            yield from (row.id for row in page)


class Newcomers:
    """Of some users those who have no journey of a workflow that begins once.

    The engine leaves the others alone by itself; what changes nothing need not stand in its history.
    """

    def __init__(self, settings: Settings, workflow: Workflow, users: Iterable[str]) -> None:
        self.left = 0
        """Users that had one."""
        self._path = Path(settings.store)
        self._workflow = workflow
        self._users = users

    def __iter__(self) -> Iterator[str]:
        from studio.store.views import Views

        workflow = self._workflow
        if workflow.again or workflow.key is not None or not self._path.exists():
            yield from self._users
            return
        for some in parts(self._users, BATCH):
            with Views(self._path) as views:
                new = [u for u in some if not views.journeys(user=u, workflow=workflow.name, limit=1)]
            self.left += len(some) - len(new)
            yield from new


# -- what ----------------------------------------------------------------------------------


def _refuse_paused(settings: Settings, name: str) -> None:
    """What is started in a paused workflow would begin nothing."""
    from studio.store.views import Views

    if not Path(settings.store).exists():
        return
    with Views(settings.store) as views:
        if name in views.paused_workflows():
            raise StudioError(
                f"{name} is paused: nothing begins",
                where=settings.store,
                fix=f"journey-studio unpause {name}",
            )


def _workflow(settings: Settings, name: str) -> Workflow:
    """The workflow of a name.

    Raises:
        StudioError: there is none.
    """
    from studio.source.loader import Library

    loaded = Library(settings.workflows).load()
    if (found := loaded.workflows.get(name)) is not None:
        return found
    for problem in loaded.problems:
        complain(str(problem))
    known = ", ".join(sorted(loaded.workflows))
    raise StudioError(
        f"there is no workflow {name!r}",
        where=settings.workflows,
        fix=f"There is {known}." if known else "Name another folder with --workflows.",
    )
