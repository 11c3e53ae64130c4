"""Files as people, editors and machines leave them."""

from __future__ import annotations

PLAIN = '''\
"""Odd."""

from studio import Journey, workflow

LONG = "7d"


def act(user):
    return user


async def ask(journey: Journey, name, timeout="1h"):
    got = await journey.wait_for(name, timeout=timeout)
    # A helper's own wait.
    await journey.wait_for("helper/asked", timeout="5m")
    return got


# Starts with anything.
@workflow(trigger="go")
async def flow(journey: Journey):
    """What it does."""
    # Comes first.
    login = await journey.wait_for("app/login", match={"id": 1}, timeout="1d")  # a day

    if not login:
        # Nobody came.
        journey.log("nobody")
        return
        # Left behind.

    await ask(journey, "a/b")
    await journey.sleep(LONG)
    await journey.sleep("1h", 3)
    await journey.step("act", act, journey.user.id, retries=2, timeout="10s")
    await journey.ingest("sent", {"a": 1})
    journey.note("so far")
    print("hello")
    return {"ok": True}
'''

LAID_OUT = """\
import logging
from studio import workflow
log = logging.getLogger("x")
@workflow
async def flow(j):
  one, other = await j.wait_any(
      j.wait_for("p", match={
          "id": 1,  # the first
          "deep": {"a": [1, None]},
          **j.user,
      }),
      j.wait_for(
          'q'  # no comma
      ),
      timeout="2h",  # of both
  )
  if one: log.info("one")
  if other:
    log.warning('other')
  await (j
    .wait_for("r",
              timeout="1m"))
  more = {"timeout": "1m"}
  await j.wait_for("s", **more)
  await j.wait_for("t", None, "5s")
  await j.wait_for(*["u"], timeout=30)
  late = await j.wait_for("v", {"x": 1}, "5s") \\
      or await j.wait_for("w")
  j.log("a"); j.log("b")
  if not await j.wait_for("x", timeout="1s"): return None
  elif await j.wait_for("y", timeout="1s"):
    j.log(f"{late}", level="debug")
"""

ROUND = """\
from studio import workflow


class Asking:
    def __init__(self, journey):
        self.journey = journey

    async def twice(self):
        for _ in "ab":
            await self.journey.wait_for("asked", timeout='1m')


@workflow(trigger='go')
async def flow(journey):
    await Asking(journey).twice()
    await journey.wait_all(*[journey.wait_for(e, timeout='1m') for e in ('m', 'n')])
    while not await journey.wait_for('stop', timeout='1m'):
        if len('x') > 1:
            break
        journey.log('again')
    first = journey.wait_for('first', timeout='1h')
    await journey.sleep('1s')
    got = await first
    match got:
        case [x]:
            journey.log('one')
        case _:
            pass
    try:
        await journey.step('act', print, 'x')
    except Exception as error:
        print(error)
    finally:
        journey.log('over')

    async def inner():
        nested = await journey.wait_for('nested', timeout='1m')
        return nested

    await inner()
    for n in range(3):
        paid = await journey.wait_for('paid', timeout='3d')
        if paid.timed_out:
            journey.log('late')
            continue
        else:
            return {'n': n}
    only = await journey.wait_for('only', timeout='1d')
    if not only:
        return
"""

NARROW = """\
from studio import workflow
@workflow(trigger="go")
async def flow(journey):
    if journey.user.email: journey.log("é")
    else:
        await journey.sleep("1h")
    if not await journey.wait_for("a", timeout="1d"): return None
    await journey.wait_for(["b", "c/*"], timeout="1d")
    await journey.wait_for("d")"""

FILES: dict[str, bytes] = {
    "plain": PLAIN.encode(),
    "laid out": LAID_OUT.encode(),
    "round": ROUND.encode(),
    "narrow, without a newline": NARROW.encode(),
    "crlf": PLAIN.replace("\n", "\r\n").encode(),
    "cr": NARROW.replace("\n", "\r").encode() + b"\r",
    "mixed": ROUND.replace("    async def", "    async def").replace(":\n", ":\r\n").encode(),
    "tabs": ROUND.replace("    ", "\t").encode(),
    "bom": b"\xef\xbb\xbf" + PLAIN.encode(),
    "bom, crlf, no newline": b"\xef\xbb\xbf" + NARROW.replace("\n", "\r\n").encode(),
    "latin": b"# -*- coding: latin-1 -*-\n" + NARROW.encode("latin-1"),
    "form feed": PLAIN.replace("# Starts", "\x0c\n# Starts").encode(),
    "blank at the end": NARROW.encode() + b"\n\n\n    # over\n\n",
    "spaces at the ends": PLAIN.replace("\n    await", "  \n  \n    await").encode(),
}
