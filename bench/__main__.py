"""`python -m bench`: measure, and print the table."""

from __future__ import annotations

import argparse
import json
import signal
import sys
import time
from dataclasses import asdict
from datetime import datetime
from pathlib import Path

from bench import against, table
from bench.checks import BenchError
from bench.fresh import ROOT
from bench.groups import GROUPS, measure
from bench.kept_runs import keep_run
from bench.machine import Machine, describe
from bench.session import Session, temporary_folder
from bench.sizes import FULL, QUICK, SMOKE, Sizes


def main(arguments: list[str] | None = None) -> int:
    """Measure as asked; gives 1 when something could not be measured, 0 also when a target is missed."""
    options = _options().parse_args(arguments)
    # A polite kill unwinds too, so that children end and the folder goes.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sizes = SMOKE if options.smoke else QUICK if options.quick else FULL
    names = [name for name in GROUPS if not options.only or name in options.only]
    if options.against:
        try:
            with temporary_folder(options.dir) as folder:
                print(against.text(against.compare(options.against, names, sizes, options.rounds, folder)))
        except BenchError as error:
            print(error, file=sys.stderr)
            return 1
        return 0
    start = time.perf_counter()
    with temporary_folder(options.dir) as folder:
        machine = describe(folder)
        if machine.in_memory:
            print("The stores lie in memory: nothing here is durable. Name a disk: --dir.", file=sys.stderr)
        session = Session(folder, sizes)
        rows = [row for name in names for row in measure(session, name)]
    minutes = (time.perf_counter() - start) / 60
    if sys.stderr.isatty():
        print("\r\033[K", end="", file=sys.stderr)
    if options.json:
        print(json.dumps(_record(machine, sizes, rows, minutes), indent=2, ensure_ascii=False))
    else:
        print(_text(machine, sizes, rows, minutes, options.markdown))
    if sizes is FULL and not options.only:
        keep_run(_record(machine, sizes, rows, minutes))
    for row in rows:
        if row.problem:
            print(f"\n{row.group} failed: {row.problem}", file=sys.stderr)
    return 1 if any(row.problem for row in rows) else 0


def _options() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure speed and memory.")
    size = parser.add_mutually_exclusive_group()
    size.add_argument("--quick", action="store_true", help="smaller sizes, about two minutes")
    size.add_argument(
        "--smoke", action="store_true", help="tiny sizes: see that measuring works, believe no number"
    )
    parser.add_argument("--only", nargs="+", choices=GROUPS, metavar="NAME", help=f"of: {', '.join(GROUPS)}")
    form = parser.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="one JSON object")
    form.add_argument("--markdown", action="store_true", help="a table for docs/speed.md")
    parser.add_argument(
        "--against", metavar="REF", help="measure another commit, too, in turn with this, and compare"
    )
    parser.add_argument(
        "--rounds", type=int, default=5, metavar="N", help="with --against: how often (default: 5)"
    )
    parser.add_argument(
        "--dir",
        type=Path,
        default=ROOT,
        help="where the stores lie while it runs; a disk (default: %(default)s)",
    )
    return parser


def _text(machine: Machine, sizes: Sizes, rows: list[table.Row], minutes: float, markdown: bool) -> str:
    head = [
        *machine.lines(),
        f"Measured {datetime.now().astimezone():%Y-%m-%d} in {minutes:.1f} minutes{_how(sizes)}.",
    ]
    if markdown:
        return "\n".join(head) + "\n\n" + table.markdown(rows)
    return "\n".join(head) + "\n\n" + table.plain(rows)


def _how(sizes: Sizes) -> str:
    names = {FULL: "", QUICK: " (--quick)", SMOKE: " (--smoke: the numbers mean nothing)"}
    return names.get(sizes, "")


def _record(machine: Machine, sizes: Sizes, rows: list[table.Row], minutes: float) -> dict[str, object]:
    return {
        "machine": asdict(machine),
        "sizes": asdict(sizes),
        "minutes": round(minutes, 2),
        "rows": [row.record() for row in rows],
    }


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
