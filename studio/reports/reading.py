"""The fold of a store's history, kept up with what is written: by a reader, at no cost to the engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, tzinfo

from studio.language.definition import Workflow
from studio.language.local_time import zone
from studio.reports.funnel import Funnel, GoalWindow, funnel, window_of
from studio.reports.progress import Fold, Progress
from studio.reports.zones import UserZones
from studio.store.views import Views

Tell = Callable[[float], None]
"""Is told how much of the history was read, from 0 to 1."""


class FunnelReader:
    """Reads the entries of one workflow's journeys, window by window; later ones only what came since.

    Belongs to the thread of its views.
    """

    def __init__(self, views: Views, workflow: str) -> None:
        self._views = views
        self.workflow = workflow
        self._names: dict[int, str] = {}
        self.testers: set[int] = set()
        self.versions: dict[int, str] = {}
        """The hash of each version of the source that ran, by its number, the oldest first."""
        self.goal: GoalWindow | None = None
        """What counts as having got there; see `funnel.window_of`."""
        self._otherwise: tzinfo = UTC
        """The zone of users whose profile names none."""
        self._user_names: dict[int, str] = {}
        self._begin_anew()

    def declared(self, workflow: Workflow) -> None:
        """Take the goal and the zone that the workflow declares."""
        self.goal = window_of(workflow)
        self._otherwise = UTC if workflow.timezone is None else zone(workflow.timezone)
        self.zones.otherwise = self._otherwise

    def _begin_anew(self) -> None:
        self._read = 0
        self._users = 0
        self._known_to = 0
        """The entry up to which testers, zones and versions are known; it may take several reads."""
        self.testers = set()
        self.zones = UserZones()
        self.zones.otherwise = self._otherwise
        self.fold = Fold(self._names.__getitem__)

    def read(self, tell: Tell | None = None, gone: Callable[[], bool] = lambda: False) -> bool:
        """Read what is not read yet.

        Args:
            gone: asked between two windows; nothing more is read once it says yes.

        Returns:
            Whether all is read.
        """
        views = self._views
        users = views.totals().users
        if views.last_seq() < self._read or users < self._users:
            # Rewound, pruned or erased: what was counted may be gone.
            self._begin_anew()
        self._users = users
        while not gone():
            rows, upto = views.report_rows(self.workflow, self._read)
            if upto == self._read:
                if self._known_to < upto:
                    self.testers |= views.test_users(self._known_to)
                    self.zones.take(views.user_zones(self._known_to))
                    self.versions = views.code_hashes(self.workflow)
                    self.fold.refused += views.refusals(self.workflow, self._known_to, upto)
                    self._known_to = upto
                return True
            wanted = {
                id for row in rows for id in (row.name, row.place) if id is not None
            } - self._names.keys()
            if wanted:
                self._names.update(views.texts(json.dumps(sorted(wanted))))
            self.fold.take(rows)
            self._read = upto
            if tell is not None:
                tell(upto / max(1, views.last_seq()))
        return False

    def user_name(self, number: int) -> str:
        """The user of a number, as journeys have it."""
        if not self._user_names:
            self._user_names = self._views.user_names()
        return self._user_names[number]

    def funnel(
        self,
        now_ms: int,
        goal: GoalWindow | None,
        since_ms: int | None = None,
        group: str | None = None,
        of_group: Callable[[Progress], bool] | None = None,
    ) -> Funnel:
        """The funnel of a cohort; see `funnel.funnel`."""
        return funnel(
            self.workflow,
            self.fold,
            now_ms=now_ms,
            goal=goal,
            since_ms=since_ms,
            testers=self.testers,
            group=group,
            of_group=of_group,
            zones=self.zones,
        )
