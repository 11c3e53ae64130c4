"""What the words of a journey's owner mean, clause by clause, and the cases that hold each.

A case is one of the list that every driver plays, or a test by its name, where the list cannot say it.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conformance.test_conformance import CASES

ROOT = Path(__file__).parent.parent

CLAUSES: dict[str, tuple[str, ...]] = {
    "goal: the first event in the window, once for a journey, also after its end": (
        "a goal counts once for a journey, also after its end",
        "the end of the window is in it, and what comes later is not",
    ),
    "goal: in other passes": ("a goal is met before the event wakes a wait, and in later passes as well",),
    "goal: credited to the last message that was sent": (
        "test_the_last_message_of_a_journey_has_the_credit_for_its_goal",
    ),
    "goal: a changed one counts forward only": ("a changed goal counts from then on",),
    "goal met before the entry": (
        "a goal event before the entry is none, and the journey may still meet it",
        "what a journey sends may be its goal, and its own trigger is not",
    ),
    "goal and exit by one event": ("goal and exit by one event are one cause, and both count",),
    "exit at once": (
        "exit_on ends a waiting journey at once, also when it waits for that event",
        "a finally block that awaits runs when the journey really leaves, and not before",
    ),
    "exit while a message is under way": (
        "test_one_that_is_under_way_when_its_journey_exits_is_told_when_it_ends_and_drives_nothing",
    ),
    "exit while a message is put off": ("who exits while a message is put off does not get it",),
    "re-entry counts from the entry": (
        "again= with a time counts from the entry, and what comes sooner is refused",
    ),
    "one open journey for a user, workflow and key": (
        "with again=True a trigger while one is under way begins none",
        "each value of the key has its own journey, and hears only its own events",
    ),
    "trigger while inside: no entry, and it answers waits": (
        "triggers that came during a pass begin one more at its end, however many they were, by the newest",
        "a trigger that is in a result of the pass begins no other",
    ),
    "split: recorded when drawn, once for a user, workflow and split": (
        "a split is drawn once, and the draw counts in later passes",
        "a split that comes twice in a pass is drawn once, and again in the next journey",
        "a draw is for all journeys of a user in a workflow, and for no other workflow or user",
        "a draw counts after a restart",
        "test_arms_get_their_shares",
    ),
    "split: new percentages for new draws": ("new percentages are for new draws only",),
    "split: an arm that is gone": (
        "a journey fails whose arm the code no longer has, and goes on when it is there again",
        "gone= says where people go whose arm the code no longer has, and their draw stays",
    ),
    "holdout: drawn at the entry, recorded": (
        "a holdout is drawn at the entry, once for each user and workflow, and test users are in none",
    ),
    "holdout: waits run, messages are withheld at the very times, steps run": (
        "who is held out gets no message, at the very time at which it would have come; steps run",
    ),
    "holdout: raised for new entrants, lowered for nobody": (
        "a holdout that is raised is for new entrants, and who is held out stays so when it is lowered",
    ),
    "cap: per 24h rolls, per day is the calendar of the user": (
        "a cap in hours rolls, and what is over it is held until there is room",
        "a cap of a day is of the calendar of the user",
    ),
    "cap: over": (
        "a cap in hours rolls, and what is over it is held until there is room",
        "of what is asked for in one moment the higher priority comes first, and the loser names the winner",
    ),
    "cap: a transactional message is neither capped nor counted": (
        "a transactional message goes by night and over a cap, and counts for none",
    ),
    "cap: what was handed over counts, also when it failed later": (
        "a message that failed for good raises, and counts all the same",
        "a failure is tried again through the channel, and counts once",
    ),
    "cap across journeys: by priority, then the older; the loser names the winner": (
        "of what is asked for in one moment the higher priority comes first, and the loser names the winner",
        "test_of_a_thousand_journeys_of_one_user_due_at_once_two_send_and_each_other_names_the_last",
    ),
    "quiet hours: from the one up to the other, over midnight, on weekdays of their beginning": (
        "in quiet hours a message waits until they are over, by the clock of the user",
        "test_nothing_is_sent_inside_a_window_and_what_waits_goes_at_its_end",
        "test_days_are_those_on_which_the_hours_begin",
    ),
    "quiet hours: spread by jitter": (
        "test_a_message_that_is_served_at_night_waits_though_it_was_due_by_day",
    ),
    "the end of quiet hours is by the wall clock": ("test_the_end_is_by_the_wall_clock",),
    "a user without a zone": (
        "the zone of the profile comes before that of the workflow",
        "a weekday is the same day before its hour, and the next week after it",
    ),
    "a name that is no zone": (
        "a name that is no zone is told, and moves nothing",
        "test_a_time_zone_that_is_none_is_told_to_who_sends_it",
    ),
    "a zone that changes while somebody waits": (
        "who moves to another zone while waiting waits for the time there",
        "a deadline that a move puts into the past is due now",
    ),
    "local time in the past": (
        "until is the next of a time, strictly after now, in the zone of the workflow",
        "a moment that has passed is over now, skipped, or the next, as is said; always with an entry",
    ),
    "gap": ("a time that does not exist is later by the gap, and one that comes twice is the first",),
    "fold": ("a time that does not exist is later by the gap, and one that comes twice is the first",),
    "odd shifts": (
        "a day that has no midnight begins an hour later",
        "clocks may be moved by half an hour",
        "test_gaps_and_folds",
    ),
    "a day or 24 hours": ("a day of the calendar may be 23 hours, and a sleep of a day is 24",),
    "weekday and hour": ("a weekday is the same day before its hour, and the next week after it",),
    "a delay into the past": (
        "a moment that has passed is over now, skipped, or the next, as is said; always with an entry",
        "test_after_downtime_a_timer_says_how_late_it_was_served",
    ),
    "what a condition sees": ("identify after an await changes nothing before the next",),
    "edits after launch: a newer database of zones moves nothing": (
        "test_a_newer_database_of_zones_moves_nothing",
    ),
    "who finished, and a step is appended": (
        "who has completed goes on when asked to: what was done stays, and new time counts from the asking",
        "who has left since the end, or waits, or never came, does not go on",
        "test_who_was_pruned_does_not_begin_anew_by_being_reopened",
        "test_a_rewind_makes_the_end_count_again",
    ),
    "test users": (
        "a holdout is drawn at the entry, once for each user and workflow, and test users are in none",
        "a test user is not capped",
    ),
    "digest: times run from the first event that counts": (
        "a digest ends when it was quiet, and an event that only makes it longer leaves no entry",
        "a digest ends at the latest so long after its first event",
    ),
    "digest: the trigger counts if it matches": (
        "the trigger counts if it matches, and a digest ends with its number of events",
    ),
    "digest: nothing within timeout is false": ("a digest of nothing is false, and timed out",),
    "digest: linear": ("test_ten_thousand_events_cost_as_many_times_one",),
    "when it is judged": (
        "test_a_message_that_was_due_by_day_is_not_sent_by_night_after_downtime",
        "test_each_attempt_is_judged_anew",
        "test_after_its_process_died_it_is_judged_anew_and_counts_once",
    ),
    "valid_for": ("a message that is no longer valid when quiet hours end is dropped at once",),
    "pause: waits keep their deadlines, nothing is driven": (
        "a deadline that is to come when a paused workflow goes on is as it was",
        "a trigger while a workflow is paused begins nothing, also not when it goes on",
        "a trigger while a workflow is paused begins no pass of a journey that is idle",
        "goals and exits of a paused workflow count at their own moments, with key= for their journey alone",
        "others go on while a workflow is paused, and what they send it is kept",
    ),
    "unpause: late ones run with late": (
        "in a paused workflow deadlines stand by, and come at their own moments when it goes on",
        "what came in time while a workflow was paused answers a wait when it goes on, not what came late",
        "a digest of a paused workflow runs its time: quiet for long enough, it is over at that moment",
        "a digest that was filled while its workflow was paused is over when that goes on",
    ),
    "unpause: or skip_late": (
        "with skip_late those leave whose next deadline is further behind, unless answered before it",
        "with skip_late who is late by less goes on",
    ),
    "pause: rewind, fork, export and import": (
        "test_a_pause_stands_through_a_rewind_and_is_told_again",
        "test_a_fork_is_paused_as_its_store_is",
        "test_who_is_exported_takes_no_pause_along_and_who_is_imported_stands_still",
    ),
    "refusals": (
        "who is refused enters nothing: one entry a user, workflow, reason and day, with how often",
        "the day of a refusal is that of the user",
        "a refusal that is broken refuses, and says so",
    ),
    "prune": (
        "test_a_draw_outlives_prune",
        "test_a_window_that_is_open_outlives_prune",
        "test_what_a_cap_counts_outlives_prune",
        "test_who_is_held_out_is_so_after_prune",
    ),
    "rewind": (
        "test_what_went_out_before_a_rewind_still_counts_after_it",
        "test_a_goal_that_a_rewind_cuts_off_can_be_met_anew",
    ),
    "fork, erase, export and import": (
        "test_a_cap_counts_in_a_fork_and_where_its_user_is_imported_and_not_after_erase",
        "test_a_goal_is_met_in_a_fork_and_where_its_user_is_imported_and_never_after_erase",
        "test_erase_forgets_a_draw",
        "test_a_draw_counts_where_its_user_is_imported",
    ),
}


@pytest.fixture(scope="module")
def known() -> set[str]:
    names = {case.name for case in CASES}
    for folder in ("cli", "conformance", "engine/loop", "kernel", "language"):
        for file in (ROOT / folder).glob("test_*.py"):
            lines = file.read_text(encoding="utf-8").splitlines()
            tests = [line for line in lines if line.startswith(("def test_", "async def test_"))]
            names |= {line.partition("def ")[2].partition("(")[0] for line in tests}
    return names


@pytest.mark.parametrize("clause", CLAUSES)
def test_each_clause_is_held_by_a_case(clause: str, known: set[str]) -> None:
    assert set(CLAUSES[clause]) <= known
