"""What the shell may offer for a word that is being typed: users, events, workflows, journeys.

Asked at each press of tab: a store is only read, none is ever made, no code of a workflow runs,
and whatever is wrong with store or files offers nothing instead of an error in the midst of a line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

from studio.cli.settings import Settings, settings
from studio.errors import StudioError
from studio.language.journey_ids import user_prefix
from studio.text.printable import clean

if TYPE_CHECKING:
    from studio.store.views import Views

MOST = 30
"""Words that are offered at most."""

SHELLS = ("bash", "zsh", "fish")


def users(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Ids of users that begin so."""
    return _offered(
        ctx, incomplete, lambda views: [row.id for row in views.users_starting(incomplete, limit=MOST)]
    )


def events(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names of events: of the history, lately and at its beginning, and of the workflow files."""
    from studio.source.source_names import names_in, triggers_in

    written = {name for source in _sources(ctx) for name in (*names_in(source), *triggers_in(source))}
    return _offered(ctx, incomplete, lambda views: views.event_names(incomplete, MOST), written)


def events_of_user(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names of events that the user on the line had."""
    user = ctx.params.get("user") or ""
    return _offered(ctx, incomplete, lambda views: list(views.events_of(user)))


def workflows(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Names of workflows: of the files, and of what ever ran on the store."""
    from studio.source.source_names import workflows_in

    written = {name for source in _sources(ctx) for name in workflows_in(source)}
    return _offered(ctx, incomplete, lambda views: views.workflow_names(), written)


def journeys(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Ids of journeys: first the workflow, then the user, then all that this user has in it."""
    workflow, slash, user = incomplete.partition("/")
    if not slash:
        return [f"{name}/" for name in workflows(ctx, param, workflow)]

    def found(views: Views) -> list[str]:
        users = views.users_starting(user_prefix(user), limit=MOST)
        return [
            row.id for each in users for row in views.journeys(user=each.id, workflow=workflow, limit=MOST)
        ]

    return _offered(ctx, incomplete, found)


def refused(ctx: click.Context, param: click.Parameter, incomplete: str) -> list[str]:
    """Numbers of events that were refused."""
    return _offered(ctx, incomplete, lambda views: [str(row.number) for row in views.refused()])


def _offered(
    ctx: click.Context, incomplete: str, ask: Callable[[Views], list[str]], known: set[str] | None = None
) -> list[str]:
    found = set(known or ())
    with suppress(StudioError, UnicodeEncodeError), _views(ctx) as views:
        found.update(ask(views))
    # What cannot be typed as it is shown is not offered.
    return sorted(word for word in found if word.startswith(incomplete) and clean(word) == word)[:MOST]


@contextmanager
def _views(ctx: click.Context) -> Iterator[Views]:
    from studio.store.views import Views

    with Views(_settings(ctx).file()) as views:
        yield views


def _sources(ctx: click.Context) -> list[str]:
    """The workflow files, as text."""
    from studio.language.modules import read_text

    with suppress(StudioError, OSError):
        path = Path(_settings(ctx).workflows)
        files = sorted(path.glob("[!_.]*.py")) if path.is_dir() else [path]
        return [text for file in files if (text := read_text(file)) is not None]
    return []


def _settings(ctx: click.Context) -> Settings:
    given = ctx.params
    return settings(given.get("workflows"), given.get("store"), given.get("durability"))


@click.command()
@click.argument("shell", type=click.Choice(SHELLS))
@click.pass_context
def completion(ctx: click.Context, shell: str) -> None:
    """Print what lets a shell complete commands, options, users, events and workflows.

    \b
    bash:  eval "$(journey-studio completion bash)"      in ~/.bashrc
    zsh:   eval "$(journey-studio completion zsh)"       in ~/.zshrc
    fish:  journey-studio completion fish | source       in ~/.config/fish/config.fish
    """
    from click.shell_completion import get_completion_class

    from studio.cli.output import write

    kind = get_completion_class(shell)
    if kind is None:
        raise click.UsageError(f"click knows no completion for {shell}.")
    group = ctx.find_root().command
    write([kind(group, {}, "journey-studio", "_JOURNEY_STUDIO_COMPLETE").source()])
