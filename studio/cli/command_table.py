"""The table of commands in the handbook, made from the commands: `python -m studio.cli.command_table`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import click

from studio.cli import SHARED, commands
from studio.cli.command_list import COMMANDS

BEGIN = "<!-- commands:begin -->"
END = "<!-- commands:end -->"
PAGE = "docs/command-line.md"


def with_table(text: str) -> str:
    """A page with the table as it must be between its marks.

    Raises:
        ValueError: it has no marks.
    """
    head, begin, rest = text.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"{BEGIN} and {END} must stand in it")
    return "\n".join([f"{head}{BEGIN}", *table(), f"{END}{tail}"])


def table() -> Iterator[str]:
    """The lines of the table: each command with its options and the first paragraph of its help."""
    context = click.Context(commands, info_name="journey-studio")
    yield "| command | options | does |"
    yield "|---|---|---|"
    for name in COMMANDS:
        command = commands.get_command(context, name)
        if command is not None:
            yield _row(name, command, context)


def _row(name: str, command: click.Command, context: click.Context) -> str:
    takes = [
        _metavar(each, context) if each.required else f"[{_metavar(each, context)}]"
        for each in command.params
        if isinstance(each, click.Argument)
    ]
    title = " ".join([name, *takes]) if name != commands.default_cmd_name else "journey-studio"
    options = [
        _option(each, context)
        for each in command.params
        if isinstance(each, click.Option) and not each.hidden and not set(each.opts) & set(SHARED)
    ]
    # Options, and what has brackets, which else would be read as a link.
    code = r"(?<![\w-])(--[a-z][a-z-]*|\S*\[\S*\])"
    does = re.sub(code, r"`\1`", (command.help or "").split("\n\n")[0])
    cells = (_code(title), " ".join(map(_code, options)), " ".join(does.split()))
    return f"| {' | '.join(cells)} |"


def _code(text: str) -> str:
    """As code in a cell. The backslash that GitHub wants before a `|` in backticks, the site would show."""
    return f"<code>{text.replace('|', '&#124;')}</code>" if "|" in text else f"`{text}`"


def _option(option: click.Option, context: click.Context) -> str:
    long = next(text for text in option.opts if text.startswith("--"))
    return long if option.is_flag else f"{long} {_metavar(option, context)}"


def _metavar(parameter: click.Parameter, context: click.Context) -> str:
    """What stands for a value: "USER", "full|normal"."""
    return re.sub(r"^[\[{](.*)[\]}]$|\.\.\.", r"\1", parameter.make_metavar(context))


def main() -> None:
    """Write the table into the page, from the project's root."""
    file = Path(PAGE)
    file.write_text(with_table(file.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
