"""What an error advises, in the words of the command line: the engine and the store know none of it."""

from __future__ import annotations

from studio.errors import Advice, StudioError

WORDS: dict[Advice, str] = {
    "make a store": "Start journey-studio or send an event, which makes it, or name another with --store.",
    "fill a store": "Start journey-studio, or send an event.",
    "name a file": "Name a file: --store data/studio.db",
    "name a store": "Name another file with --store.",
    "start an engine": "Start journey-studio, or journey-studio run.",
    "send to the engine": "Send it events with journey-studio send, or stop it first.",
    "erase again": "Call journey-studio erase for that user again.",
    "list refused": "journey-studio refused lists them.",
    "list journeys": "See: journey-studio journeys",
    "list users": "journey-studio users lists them.",
    "list entries": "See: journey-studio timeline USER",
    "show entries": "See: journey-studio timeline USER --json",
    "move the clock": "Open the store with journey-studio, or give the engine clock=StudioClock().",
    "export": "journey-studio export writes such files; an event file is for play.",
    "examine": "journey-studio doctor --full tells how much of the store is damaged.",
    "verify": "journey-studio verify tells all of it.",
    "let the clock go on": "journey-studio clock resume",
    "release steps": "H in the studio approves them.",
}
"""What only a screen advises (taking acts back) stands in no error that a command shows."""


def worded(error: StudioError) -> str:
    """The whole error, with what to do as this face calls it."""
    return str(error) if error.advice is None else error.advised(WORDS.get(error.advice, error.fix))
