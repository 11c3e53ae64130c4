"""What both applications begin with: where they listen, the store, a mail server that shows what it gets."""

import argparse
import os
from contextlib import contextmanager
from email import message_from_bytes
from pathlib import Path

from aiosmtpd.controller import Controller

WORKFLOWS = Path(__file__).parent / "workflows"

FORM = """<!doctype html>
<title>Sign up</title>
<form method="post" action="/signup">
  <label>Name <input name="user" required></label>
  <label>E-mail <input name="email" type="email" required></label>
  <button>Sign up</button>
</form>
"""


class ShowMail:
    """Takes mails and prints them, so that nobody gets one."""

    async def handle_DATA(self, server, session, envelope):
        mail = message_from_bytes(envelope.content)
        print(f"mail to {', '.join(envelope.rcpt_tos)}: {mail['Subject']}", flush=True)
        return "250 shown"


def options(about: str) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--port", type=int, default=8000)
    parser.add_argument("--mail-port", type=int, default=1025)
    parser.add_argument("--store", default="data/example.db")
    return parser.parse_args()


@contextmanager
def mail_server(port: int):
    """A mail server on this machine, as long as this lasts; the workflow finds it by its port."""
    os.environ["MAIL_PORT"] = str(port)
    server = Controller(ShowMail(), hostname="127.0.0.1", port=port)
    server.start()
    try:
        yield
    finally:
        server.stop()


def tell(port: int, store: str) -> None:
    """Say where all is."""
    print(f"Sign up at http://127.0.0.1:{port} . Ctrl+C ends it.")
    print(f"Look on: journey-studio --workflows {WORKFLOWS} --store {store}", flush=True)
