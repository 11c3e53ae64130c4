"""The command line, `journey-studio`: one module per group of commands.

Commands are loaded when they are called, and load the engine or the screens when they
run: `--help` and `send` are used in loops of shell scripts and must answer at once.
"""

from __future__ import annotations

import difflib
import keyword
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

import click
from click_default_group import DefaultGroup  # type: ignore[import-untyped]

from studio.cli.advice import worded
from studio.cli.command_list import COMMANDS
from studio.cli.output import Exit, complain, data, exit_code, hush, own_stdout
from studio.engine.work.garbage_collection import own_process
from studio.errors import StudioError
from studio.source.project import short

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

SHARED = ("--workflows", "--store", "--durability")
"""Options of every command, which may also stand before its name."""


class CommandGroup(DefaultGroup):  # type: ignore[misc]
    """Commands by name, loaded on demand. Without one it is `studio`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module, _ = COMMANDS[cmd_name]
        # A function cannot be called `import`.
        named = f"{cmd_name}_" if keyword.iskeyword(cmd_name) else cmd_name
        command: click.Command = getattr(import_module(module), named)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(
                [
                    (f"{name}*" if name == self.default_cmd_name else name, summary)
                    for name, (_, summary) in COMMANDS.items()
                ]
            )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ordered = in_order(args)
        lacks_value = bool(args) and args[-1] in SHARED
        if ctx.resilient_parsing and ordered == ["studio", *args] and not lacks_value:
            # A shell completes a line on which no command stands yet.
            return click.Group.parse_args(self, ctx, [])
        rest: list[str] = super().parse_args(ctx, ordered)
        return rest

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        found: list[CompletionItem] = super().shell_complete(ctx, incomplete)
        studio = self.get_command(ctx, "studio")
        if incomplete.startswith("-") and studio is not None:
            there = {item.value for item in found}
            found += [item for item in studio.shell_complete(ctx, incomplete) if item.value not in there]
        return found

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in COMMANDS and not ctx.resilient_parsing:
            close = difflib.get_close_matches(args[0], COMMANDS, n=1)
            hint = f" Did you mean {close[0]}?" if close else " See journey-studio --help."
            raise click.UsageError(f"There is no command {args[0]!r}.{hint}", ctx=ctx)
        return click.Group.resolve_command(self, ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            # Who read the output has had enough, as in `journey-studio logs | head`.
            hush()
            return Exit.DONE


@click.group(
    cls=CommandGroup,
    default="studio",
    default_if_no_args=True,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 done, 1 a journey or workflow failed, 2 wrong use."
    " Data goes to stdout, the rest to stderr.",
)
@click.version_option(package_name="journey-studio", message="%(prog)s %(version)s")
def commands() -> None:
    """Write a user journey as one async Python function, run it, watch every user move through it.

    Without a command it opens the studio.
    """


def in_order(args: list[str]) -> list[str]:
    """Put the command first: `--store x.db users` is `users --store x.db`, no command is `studio`."""
    at = 0
    while at < len(args) and args[at].split("=", 1)[0] in SHARED:
        at += 1 if "=" in args[at] else 2
    lead, rest = args[:at], args[at:]
    if rest and not rest[0].startswith("-"):
        return [rest[0], *lead, *rest[1:]]
    if rest[:1] in (["--help"], ["-h"], ["--version"]):
        return rest
    return ["studio", *args]


def main(args: Sequence[str] | None = None) -> None:
    """What the console script calls."""
    own_process("journey-studio")
    own_stdout()
    code = call(args)
    try:
        if (stream := data()) is not None:
            stream.flush()
    except OSError:
        # Nobody reads it, or it is full: who wrote it was told so.
        hush()
    sys.exit(code)


def call(args: Sequence[str] | None = None) -> int:
    """Run a command line; gives its exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show ◆ gets \u25c6, not a traceback.
        if stream is not None and hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        code = commands.main(args, prog_name="journey-studio", standalone_mode=False)
        return int(code or Exit.DONE)
    except click.ClickException as error:
        context = getattr(error, "ctx", None)
        complain(error.format_message())
        if context is not None and "--help" not in error.format_message():
            complain(f"See {context.command_path} --help.", plain=True)
        return Exit.WRONG
    except click.Abort:
        return Exit.INTERRUPTED
    except KeyboardInterrupt:
        return Exit.INTERRUPTED
    except StudioError as error:
        complain(_error_text(error))
        return exit_code(error)
    except OSError as error:
        what = error.strerror or str(error)
        complain(f"{error.filename}: {what}" if error.filename else what)
        return Exit.WRONG


def _error_text(error: StudioError) -> str:
    """An error with its path as it was typed, most likely."""
    where = error.where
    return worded(error).replace(where, short(where), 1) if os.path.isabs(where) else worded(error)
