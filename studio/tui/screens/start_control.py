"""The first start: a workflow where there is none, and an event to begin with."""

from __future__ import annotations

from studio.errors import StudioError
from studio.source.project import short
from studio.tui.screens.control import Control
from studio.tui.session.example_event import example_event
from studio.tui.session.messages import ReopenStore
from studio.tui.session.welcome import welcome_path, write_welcome
from studio.tui.widgets.inject import Inject
from studio.tui.widgets.users_list import UsersList


class StartControl(Control):
    """Leads whoever has nothing yet."""

    def offer_example(self) -> bool:
        """Put an event into the form that starts a journey; False when there is none, or somebody typed."""
        client, inject = self.session.client, self.screen.query_one(Inject)
        if client is None or not inject.untouched:
            return False
        if client.read_only or (example := example_event(client.workflows)) is None:
            return False
        inject.fill(*example, "⏎ sends this example")
        return True

    def offer_welcome(self, first: bool) -> bool:
        """Say where there are no workflows that one can be written; True when that is said from now on.

        Args:
            first: there is no workflow file at all.
        """
        session = self.session
        if first and session.mode == "run" and session.engine_is_ours:
            file = short(welcome_path(session.workflows))
        else:
            file = None
        quiet = session.client is not None and session.client.read_only
        users = self.screen.query_one(UsersList)
        before = users.offers_welcome
        users.offer_welcome(first, file, sends=not quiet)
        return users.offers_welcome and not before

    def write_welcome(self) -> None:
        """Write the first workflow, and start with it."""
        try:
            path = write_welcome(self.session.workflows)
        except StudioError as error:
            self.session.tell(str(error))
            return
        self.screen.query_one(Inject).say(f"wrote {short(path)}", "success")
        self.screen.app.post_message(ReopenStore())
