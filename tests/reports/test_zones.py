"""In which zone a user was when something happened."""

from __future__ import annotations

from datetime import UTC
from zoneinfo import ZoneInfo

from studio.reports.zones import UserZones

BERLIN, LIMA = ZoneInfo("Europe/Berlin"), ZoneInfo("America/Lima")


def test_a_zone_counts_from_the_entry_that_said_it() -> None:
    zones = UserZones()
    assert zones.of(1, 5) == UTC
    zones.otherwise = BERLIN
    zones.take([(1, 10, "America/Lima"), (1, 20, "America/Lima"), (1, 30, "Asia/Nowhere"), (2, 1, "UTC")])
    assert [zones.of(1, seq) for seq in (9, 10, 29, 30)] == [BERLIN, LIMA, LIMA, BERLIN]
    assert zones.of(2, 1) == ZoneInfo("UTC")
    assert zones.of(3, 1) == BERLIN
    zones.take([(1, 40, "America/Lima")])
    assert zones.of(1, 40) == LIMA
