"""An event with an id counts once, whether it was taken before these causes or by them."""

from __future__ import annotations

from studio.kernel.memory import MemoryUnit
from studio.kernel.taken_ids import TakenIds
from studio.language.event import Event


class Asked(MemoryUnit):
    """Notes which ids it is asked for."""

    def __init__(self) -> None:
        super().__init__({})
        self.asked: list[list[str]] = []

    def known_ids(self, ids: list[str]) -> dict[str, int]:
        self.asked.append(list(ids))
        return super().known_ids(ids)


def test_an_id_is_asked_for_once() -> None:
    history = Asked()
    history.add_event(history.user("ada"), Event("go", "ada", 0, None, "e1", 7))
    ids = TakenIds(history)
    ids.load(["e1", "e2"])
    assert (ids.find("e1"), ids.find("e2"), ids.find("e3")) == (7, None, None)
    ids.load(["e1", "e3", "e4"])
    assert history.asked == [["e1", "e2"], ["e3"], ["e4"]]


def test_what_is_accepted_is_taken_from_then_on() -> None:
    history = Asked()
    ids = TakenIds(history)
    assert ids.find("e1") is None
    ids.take("e1", 3)
    ids.take(None, 4)
    ids.take("e2", 5)
    assert (ids.find("e1"), ids.find("e2")) == (3, 5)
    assert history.asked == [["e1"]]
