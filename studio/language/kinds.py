"""What an entry of the history says, where a journey is, and their names for people."""

from __future__ import annotations


class Kind:
    """What an entry of the history says. Stored; so numbers are never given twice.

    Plain whole numbers, no `IntEnum`: in Python 3.11 looking up a member costs seven times
    as much as an attribute, and a journey does so a hundred times.
    """

    EVENT = 1
    # A journey was to send an event whose id was taken: what that command came to.
    EVENT_DUPLICATE = 2
    WAIT_OPENED = 10
    WAIT_MATCHED = 11
    WAIT_TIMEOUT = 12
    WAIT_CLOSED = 13
    # A group (wait_any, wait_all) is a wait whose outcome names its members.
    GROUP_OPENED = 15
    GROUP_MATCHED = 16
    GROUP_TIMEOUT = 17
    GROUP_CLOSED = 18
    SLEEP_OPENED = 20
    SLEEP_DONE = 21
    SLEEP_CLOSED = 23
    STEP_STARTED = 30
    STEP_RETRY = 31
    STEP_DONE = 32
    STEP_FAILED = 33
    LOG_DEBUG = 40
    LOG = 41
    LOG_WARNING = 42
    LOG_ERROR = 43
    NOTE = 44
    STARTED = 50
    PASS = 51
    COMPLETED = 52
    FAILED = 53
    EXITED = 54
    CANCELLED = 55
    RESUMED = 56
    RESTARTED = 57
    MOVED = 58
    REOPENED = 59
    # What counts later, also in other journeys of the user: `MARKS`.
    SPLIT = 60
    MESSAGE_SENT = 61
    GOAL = 62
    REFUSED = 63
    MESSAGE_STARTED = 64
    WORKFLOW_LOADED = 70
    WORKFLOW_FAILED = 71
    CLOCK_MOVED = 72
    USER_ERASED = 73
    HOOK_FAILED = 74
    WORKFLOW_PAUSED = 75
    WORKFLOW_UNPAUSED = 76
    MESSAGE_ASKED = 80
    MESSAGE_DEFERRED = 81
    MESSAGE_DROPPED = 82
    MESSAGE_WITHHELD = 83
    WAIT_MOVED = 84


FIRST_MARK, LAST_MARK = 60, 69
MARKS = range(FIRST_MARK, LAST_MARK + 1)
"""Kinds of entries that count later, whatever becomes of the journey that left them: draws, messages that
went out, goals, refusals. An index finds those of a user."""


KIND_TEXT: dict[int, str] = {
    Kind.EVENT: "event",
    Kind.EVENT_DUPLICATE: "event.duplicate",
    Kind.WAIT_OPENED: "wait.opened",
    Kind.WAIT_MATCHED: "wait.matched",
    Kind.WAIT_TIMEOUT: "wait.timeout",
    Kind.WAIT_CLOSED: "wait.closed",
    Kind.GROUP_OPENED: "wait.opened",
    Kind.GROUP_MATCHED: "wait.matched",
    Kind.GROUP_TIMEOUT: "wait.timeout",
    Kind.GROUP_CLOSED: "wait.closed",
    Kind.SLEEP_OPENED: "sleep.opened",
    Kind.SLEEP_DONE: "sleep.done",
    Kind.SLEEP_CLOSED: "sleep.closed",
    Kind.STEP_STARTED: "step.started",
    Kind.STEP_RETRY: "step.retry",
    Kind.STEP_DONE: "step.done",
    Kind.STEP_FAILED: "step.failed",
    Kind.LOG_DEBUG: "log",
    Kind.LOG: "log",
    Kind.LOG_WARNING: "log",
    Kind.LOG_ERROR: "log",
    Kind.NOTE: "log",
    Kind.STARTED: "journey.started",
    Kind.PASS: "journey.pass",
    Kind.COMPLETED: "journey.completed",
    Kind.FAILED: "journey.failed",
    Kind.EXITED: "journey.exited",
    Kind.CANCELLED: "journey.cancelled",
    Kind.RESUMED: "journey.resumed",
    Kind.RESTARTED: "journey.restarted",
    Kind.MOVED: "journey.moved",
    Kind.REOPENED: "journey.reopened",
    Kind.SPLIT: "split.drawn",
    Kind.GOAL: "goal.met",
    Kind.MESSAGE_SENT: "message.sent",
    Kind.MESSAGE_STARTED: "message.started",
    Kind.MESSAGE_ASKED: "message.asked",
    Kind.MESSAGE_DEFERRED: "message.deferred",
    Kind.MESSAGE_DROPPED: "message.dropped",
    Kind.MESSAGE_WITHHELD: "message.withheld",
    Kind.REFUSED: "journey.refused",
    Kind.WORKFLOW_LOADED: "workflow.loaded",
    Kind.WORKFLOW_FAILED: "workflow.failed",
    Kind.WORKFLOW_PAUSED: "workflow.paused",
    Kind.WORKFLOW_UNPAUSED: "workflow.unpaused",
    Kind.CLOCK_MOVED: "clock.moved",
    Kind.USER_ERASED: "user.erased",
    Kind.HOOK_FAILED: "hook.failed",
    Kind.WAIT_MOVED: "wait.moved",
}

OF_WORKFLOWS = (
    Kind.WORKFLOW_LOADED,
    Kind.WORKFLOW_FAILED,
    Kind.WORKFLOW_PAUSED,
    Kind.WORKFLOW_UNPAUSED,
)
"""What is said of a workflow and of nobody in it; the entry's name is the workflow's."""

LEVELS: dict[str, int] = {
    "debug": Kind.LOG_DEBUG,
    "info": Kind.LOG,
    "warning": Kind.LOG_WARNING,
    "error": Kind.LOG_ERROR,
    "note": Kind.NOTE,
}
"""The level of a log entry is its kind, so that a filter by level reads no text."""

LEVEL_OF = {kind: level for level, kind in LEVELS.items()}


class Status:
    """Where a journey is. Plain numbers, as `Kind`."""

    WAITING = 1
    """In a pass, at an await."""
    IDLE = 2
    """Its pass returned None; the next trigger starts another."""
    COMPLETED = 3
    FAILED = 4
    EXITED = 5
    CANCELLED = 6


STATUS_TEXT: dict[int, str] = {
    Status.WAITING: "waiting",
    Status.IDLE: "idle",
    Status.COMPLETED: "completed",
    Status.FAILED: "failed",
    Status.EXITED: "exited",
    Status.CANCELLED: "cancelled",
}

OPEN = (Status.WAITING, Status.IDLE, Status.FAILED)
"""A journey that a new trigger does not start afresh, also not with `again=`."""
