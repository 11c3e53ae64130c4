"""One call of a step's function: what it says meanwhile, and how it ended, told once."""

from __future__ import annotations

import inspect
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from studio.engine.effects import capture
from studio.engine.effects.output_listener import OutputListener
from studio.engine.effects.reentrancy import INSIDE
from studio.engine.effects.timekeeper import Alarm
from studio.engine.work.attempt_result import AttemptResult
from studio.engine.work.log_lines import LogLine
from studio.kernel.log_limit import Bound
from studio.kernel.records import Launch, StepResult
from studio.language.commands import Place
from studio.language.step_info import STEP
from studio.text import json_text as jsontext
from studio.text.source_code import describe, error_text, traceback_text

if TYPE_CHECKING:
    from opentelemetry.trace import Span

    from studio.engine.effects.spans import Spans

Report = Callable[[StepResult], None]


class Attempt:
    """A step that was launched. It ends once: the first of what its function does and its time."""

    kind = "step"

    def __init__(self, launch: Launch, report: Report, spans: Spans | None = None) -> None:
        self.launch = launch
        self._spans = spans
        self._span: Span | None = None
        self.began: float | None = None
        """`time.monotonic()` when its function was called."""
        self.thread = 0
        """The thread that it was called in."""
        self.coroutine: Any = None
        """What it gave, while that is awaited."""
        self.has_expired = False
        """Its time was over before it had ended."""
        self.alarm: Alarm | None = None
        """What comes when its time is over."""
        self._report = report
        self._said: list[tuple[str, str, Place]] = []
        self._lines: list[LogLine] = []
        self._bound = Bound()
        self._listener: OutputListener | None = None
        self._begin = threading.Lock()
        self._end = threading.Lock()

    @property
    def name(self) -> str:
        """The step's name."""
        return self.launch.info.name

    @property
    def journey(self) -> str:
        """The step's journey."""
        return self.launch.info.journey

    @property
    def timeout(self) -> float | None:
        """Seconds that it may take; None for as long as it likes."""
        timeout = self.launch.command.timeout
        return None if timeout is None else timeout / 1000

    @property
    def is_over(self) -> bool:
        """How it ended was told."""
        return self._end.locked()

    def take(self) -> bool:
        """Begin, for one of several who may; False when another has."""
        return self._begin.acquire(blocking=False)

    def enter(self) -> None:
        """This thread or task calls the function now."""
        self.began = time.monotonic()
        self.thread = threading.get_ident()
        STEP.set(self.launch.info)
        INSIDE.set(self)
        if self._spans is not None:
            self._span = self._spans.step_began(self.launch)
        self._listener = capture.listen(self._hear, lambda: not self.is_over)

    def call(self) -> Any:
        """Call the function; gives what it gives, which may be to be awaited."""
        step = self.launch.command
        self.coroutine = value = step.function(*step.args, **self._arguments())
        return value

    # -- ends ------------------------------------------------------------------------------

    def done(self, value: Any) -> None:
        """The function has done its work, and gave this."""
        try:
            text = jsontext.dumps(value)
        except Exception as error:
            # Nothing is mended by another call: that would do the work twice.
            said = describe(error) if isinstance(error, jsontext.NotJson) else error_text(error)
            what = f"it did its work, but its result cannot be stored: {said}"
            self._settle(AttemptResult(self.launch, None, "NotJson", what, is_final=True))
            return
        self._settle(AttemptResult(self.launch, text))

    def failed(self, error: BaseException) -> None:
        """The function raised."""
        text = traceback_text(error, error.__traceback__)
        self._settle(AttemptResult(self.launch, None, type(error).__name__, describe(error), text))

    def timed_out(self) -> None:
        """Its time is over; what it gives from here on is not looked at."""
        what = f"it took longer than {self.timeout or 0:g} s"
        self._settle(AttemptResult(self.launch, None, "Timeout", what))

    def _settle(self, result: AttemptResult) -> None:
        if self._listener is not None and self._listener.rest:
            self._listener.flush()
        if self._end.acquire(blocking=False):
            self.coroutine = None
            if self._spans is not None and self._span is not None:
                self._spans.step_ended(self._span, result)
            result.said, result.lines = self._said, self._lines
            self._report(result)

    def _hear(self, level: str, message: str, place: Place, line: LogLine | None) -> bool:
        if self.is_over:
            return False
        if (taken := self._bound.take(level, message)) is not None:
            self._said.append((*taken, place))
            if line is not None and line.is_wanted:
                self._lines.append(line)
        return True

    def _arguments(self) -> dict[str, Any]:
        """By keyword, with `idempotency_key` for a function that takes one and was not given it."""
        step = self.launch.command
        if "idempotency_key" in step.kwargs:
            return step.kwargs
        try:
            parameters = inspect.signature(step.function).parameters
        except (TypeError, ValueError):
            return step.kwargs
        wanted = parameters.get("idempotency_key")
        if wanted is None or wanted.kind is inspect.Parameter.POSITIONAL_ONLY:
            return step.kwargs
        return {**step.kwargs, "idempotency_key": self.launch.info.idempotency_key}
