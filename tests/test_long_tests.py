"""What is listed as long is there, and each file keeps tests that are not."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from tests.long_tests import LONG

ROOT = Path(__file__).parent.parent
TEST = re.compile(r"^(?:async )?def (test_\w+)", re.MULTILINE)


def test_each_listed_test_is_there() -> None:
    there = {
        f"{file}::{name}"
        for file in {line.partition("::")[0] for line in LONG}
        for name in TEST.findall((ROOT / file).read_text(encoding="utf-8"))
    }
    assert not LONG - there


def test_no_file_of_a_few_tests_is_long_as_a_whole() -> None:
    listed = Counter(line.partition("::")[0] for line in LONG)
    whole = {
        file
        for file, count in listed.items()
        if count >= len(TEST.findall((ROOT / file).read_text(encoding="utf-8"))) > 3
    }
    assert not whole
