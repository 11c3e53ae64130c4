"""The parts of a unit of work over a store that is written row by row, each to be asked by itself."""

from __future__ import annotations

from studio.engine.work.events import Events
from studio.engine.work.journeys import JourneyIdentityMap
from studio.engine.work.name_numbers import NameNumbers
from studio.engine.work.passes import Passes
from studio.engine.work.totals import TotalsDelta
from studio.engine.work.users import Users
from studio.engine.work.waits import Waits
from studio.language.definition import Workflow
from studio.store.changes import Changes
from studio.store.sqlite import Store


class Parts:
    """As the unit of work puts them together."""

    def __init__(self, store: Store, *workflows: Workflow) -> None:
        self.store = store
        self.changes = Changes()
        self.totals = TotalsDelta()
        self.names = NameNumbers(store, self.changes)
        self.users = Users(store, self.changes, self.totals)
        named = {each.name: each for each in workflows}
        self.journeys = JourneyIdentityMap(store, named, {}, self.names, self.users, {})
        self.waits = Waits(store, self.changes, self.totals, self.names, self.users, self.journeys)
        self.passes = Passes(store, self.changes, self.names, self.waits)
        self.events = Events(store, self.names, self.users)
