"""The commands: where each stands, and what it does in a line of the help."""

from __future__ import annotations

COMMANDS = {
    "studio": ("studio.cli.screen", "Open the studio: every journey live, on one screen."),
    "serve": ("studio.cli.serve", "Show the studio in a web browser."),
    "run": ("studio.cli.run", "Run the engine without a screen, and print what happens."),
    "play": ("studio.cli.play", "Play an event file in virtual time, on a store in memory."),
    "record": ("studio.cli.record", "Save the events that a user received as an event file."),
    "send": ("studio.cli.send", "Add an event, or a stream of them."),
    "refused": ("studio.cli.refused", "List events that were refused and kept aside."),
    "start": ("studio.cli.start", "Start a workflow for existing users."),
    "users": ("studio.cli.look", "List users, with where they stand."),
    "journeys": ("studio.cli.look", "List journeys, the oldest first."),
    "waits": ("studio.cli.waits", "List open waits, sleeps and steps, the nearest deadline first."),
    "timeline": ("studio.cli.history", "Show what happened to a user."),
    "logs": ("studio.cli.history", "Show what journeys said and what failed."),
    "why": ("studio.cli.why", "Explain what an event did, or what a journey waits for."),
    "inspect": ("studio.cli.inspect", "Show where a journey's function stands, with its variables."),
    "map": ("studio.cli.map", "Draw the map of a workflow from its source."),
    "funnel": ("studio.cli.funnel", "Show how far journeys get, and where they leave."),
    "simulate": ("studio.cli.simulate", "Let made-up users go through a workflow, in no time."),
    "backtest": ("studio.cli.backtest", "See who would have gone another way by another version."),
    "new": ("studio.cli.new", "Write a new journey from a template, with events to try it."),
    "explore": ("studio.cli.explore", "Walk every path that a user can take through a journey."),
    "check": ("studio.cli.check", "Load and read workflows, and say what will go wrong."),
    "events": ("studio.cli.events", "List the types of events, as JSON Schema too, or make them of one."),
    "cancel": ("studio.cli.act", "End a journey by hand."),
    "resume": ("studio.cli.act", "Try a failed journey again from where it failed."),
    "restart": ("studio.cli.act", "Start a journey again from the beginning."),
    "clock": ("studio.cli.clock", "Show or move the clock of a store."),
    "rewind": ("studio.cli.rewind", "Cut a store after an entry, and keep a copy of it."),
    "fork": ("studio.cli.rewind", "Copy a store up to an entry into a store of its own."),
    "status": ("studio.cli.care", "Show the state of a store, and of the engine that runs on it."),
    "doctor": ("studio.cli.care", "Examine a store, its disk and the machine for faults."),
    "verify": ("studio.cli.act", "Hold a store's tables against its history."),
    "prune": ("studio.cli.forget", "Remove what ended long ago, and free its disk space."),
    "erase": ("studio.cli.forget", "Forget a user for good."),
    "export": ("studio.cli.transfer", "Write the history of a user, or of everybody, as JSON lines."),
    "import": ("studio.cli.transfer", "Add an exported history to a store, all of it or nothing."),
    "worker": ("studio.cli.worker", "Carry users on, on Temporal."),
    "objects": ("studio.cli.objects", "Hand users over between engines by an object store."),
    "deploy": ("studio.cli.deploy", "Let these workflow files count for users on Temporal."),
    "watch": ("studio.cli.watch", "Fill a store with users on Temporal, and open the studio on it."),
    "dev": ("studio.cli.dev", "Start Temporal's development server, workers and the studio."),
    "mcp": ("studio.cli.mcp", "Give coding assistants tools to read, check and try journeys."),
    "completion": ("studio.cli.complete", "Print what lets a shell complete the command line."),
}
"""Module and summary of each command, in the order of the help.

A summary fits into 80 columns, so that nothing of it is cut off; the help need not load what it lists.
"""
