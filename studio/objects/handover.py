"""Users go from one engine to another: PREFIX/users/<user>/state/<number>.bin, and who has taken it.

The engine that has a user writes the next number's object, with all of the user's history; the engine that
takes the user over writes `taken/<number>.json`. Both are written where nothing is, and the refusal is the
fence: of two that do the same, one does it. Each act may be cut off anywhere and done again.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from studio.errors import StudioError
from studio.objects.clients import ObjectClient, ObjectsError, client_of
from studio.objects.keys import Keys, part
from studio.store.away import Handover, handover_of
from studio.store.handed_over import has_user, let_go, note_handover, share_salt
from studio.store.transfer import export, take_in
from studio.text.printable import json_line


class HandoverLost(StudioError):
    """Another engine has handed this user over, or has taken them over."""


@dataclass(slots=True)
class Handovers:
    """Hand-overs between the store of an engine that does not run and an object store.

    Args:
        path: the engine's store.
        store: a store of obstore.
        prefix: as of `ObjectEvents`.
    """

    path: Path
    store: Any
    prefix: str = ""

    # -- going and coming ------------------------------------------------------------------

    def release(self, user: str) -> int:
        """Let a user go; gives the hand-over's number. From then on events of theirs are refused here.

        Raises:
            HandoverLost: another engine has this hand-over: the user here is an old copy.
            StudioError: the user is not here, or has events in the inbox.
            NotOffered: the store has no create-only puts.
        """
        return asyncio.run(self._release(user))

    def adopt(self, user: str) -> int:
        """Take over a user who was let go; gives the hand-over's number.

        A store that has nobody yet takes over the salt as well; one with another salt is refused, as open
        passes would draw other values there.

        Raises:
            HandoverLost: another engine has taken the user over.
            StudioError: nobody has let the user go, or the user is here already.
        """
        return asyncio.run(self._adopt(user))

    def reload(self, user: str) -> int:
        """Give up a copy that has lost, and take over what was let go, if nobody has; gives the number.

        Raises:
            HandoverLost: another engine has the user; the copy here is gone.
            StudioError: nobody has ever let the user go: what is here is no old copy.
        """
        return asyncio.run(self._reload(user))

    # -- how -------------------------------------------------------------------------------

    async def _release(self, user: str) -> int:
        client, known = client_of(self.store), handover_of(self.path, user)
        if known.state in ("away", "arriving"):
            raise HandoverLost(f"{user!r} is with another engine", where=str(self.path))
        if known.state == "here":
            if not has_user(self.path, user):
                raise StudioError(f"there is no user {user!r}", where=str(self.path), advice="list users")
            known = Handover(known.number + 1, "leaving", secrets.token_hex(16))
            note_handover(self.path, user, known)
        key = self._state(user, known.number)
        lines = [json.dumps({"token": known.token}), *map(json_line, export(self.path, user))]
        body = zlib.compress("\n".join(lines).encode())
        if not await client.create(key, body):
            found = await client.get(key)
            if found is None or _token(found, key) != known.token:
                note_handover(self.path, user, Handover(known.number - 1, "here"))
                raise HandoverLost(
                    f"{user!r} was handed over before, by another engine",
                    where=str(self.path),
                    fix="What is here is an old copy: journey-studio objects reload gives it up.",
                )
        let_go(self.path, user, Handover(known.number, "away"))
        return known.number

    async def _adopt(self, user: str) -> int:
        client, known = client_of(self.store), handover_of(self.path, user)
        if known.state in ("leaving", "here") and self.path.exists() and has_user(self.path, user):
            raise StudioError(f"the user {user!r} already exists", where=str(self.path))
        number = await self._newest(client, user)
        if known.state != "arriving" or known.number != number:
            known = Handover(number, "arriving", secrets.token_hex(16))
            note_handover(self.path, user, known)
        await self._claim(client, user, known)
        found = await client.get(self._state(user, number))
        if found is None:
            raise ObjectsError(f"{self._state(user, number)} is not there any more")
        _, *lines = _unpacked(found, user).splitlines()
        if not has_user(self.path, user):
            head = json.loads(lines[0])
            share_salt(self.path, head["salt"], head.get("seed"))
            take_in(self.path, lines, self._state(user, number))
        note_handover(self.path, user, Handover(number, "here"))
        return number

    async def _reload(self, user: str) -> int:
        number = await self._newest(client_of(self.store), user)
        let_go(self.path, user, Handover(number, "away"))
        return await self._adopt(user)

    async def _claim(self, client: ObjectClient, user: str, known: Handover) -> None:
        key = self._keys.at("users", part(user), "taken", f"{known.number:08}.json")
        if await client.create(key, json.dumps({"token": known.token}).encode()):
            return
        found = await client.get(key)
        if found is None or json.loads(found)["token"] != known.token:
            note_handover(self.path, user, Handover(known.number, "away"))
            raise HandoverLost(f"{user!r} was taken over by another engine", where=str(self.path))

    async def _newest(self, client: ObjectClient, user: str) -> int:
        folder = self._keys.at("users", part(user), "state") + "/"
        numbers = [int(key.rpartition("/")[2].removesuffix(".bin")) async for key in client.list(folder)]
        if not numbers:
            raise StudioError(f"nobody has let {user!r} go", fix="Look how the user is written.")
        return max(numbers)

    def _state(self, user: str, number: int) -> str:
        return self._keys.at("users", part(user), "state", f"{number:08}.bin")

    @property
    def _keys(self) -> Keys:
        return Keys(self.prefix)


def _unpacked(found: bytes, what: str) -> bytes:
    try:
        return zlib.decompress(found)
    except zlib.error as error:
        raise ObjectsError(f"the state of {what} is damaged: {error}") from error


def _token(found: bytes, what: str) -> str:
    return str(json.loads(_unpacked(found, what).partition(b"\n")[0])["token"])
