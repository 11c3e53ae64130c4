"""A workflow file that is called as a module of Python's hides nothing."""

from __future__ import annotations

from tests.cases.results import play


def test_both_run_and_each_import_means_pythons_own() -> None:
    assert play("loader-shadow-min", "e.jsonl") == {"reminders/ada": {}, "w/ada": {"smtp": "SMTP"}}
