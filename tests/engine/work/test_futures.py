"""Who waits is answered once, and who answers is never harmed."""

from __future__ import annotations

from concurrent.futures import Future

from studio.engine.work.futures import answer, refuse
from studio.engine.work.work_items import Acknowledgement
from studio.errors import StudioError


def test_the_first_answer_counts() -> None:
    future: Future[int] = Future()
    answer(future, 1)
    answer(future, 2)
    refuse(future, StudioError("no"))
    assert future.result(0) == 1
    refused: Future[int] = Future()
    refuse(refused, StudioError("no"))
    answer(refused, 1)
    assert str(refused.exception(0)) == "no"


def test_who_has_gone_is_answered_by_nobody() -> None:
    future: Future[int] = Future()
    assert future.cancel()
    answer(future, 1)
    refuse(future, StudioError("no"))
    assert future.cancelled()


def test_a_future_that_is_cancelled_or_answered_is_answered_by_nobody_again() -> None:
    cancelled, refused = Acknowledgement(1), Acknowledgement(1)
    cancelled.future.cancel()
    cancelled.put(0, None)  # type: ignore[arg-type]
    cancelled.fail(StudioError("no"))
    refused.fail(StudioError("no"))
    refused.put(0, None)  # type: ignore[arg-type]
    assert cancelled.future.cancelled()
    assert str(refused.future.exception()) == "no"
