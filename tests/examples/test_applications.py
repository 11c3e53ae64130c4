"""The applications in `examples/`, each started by its command, with a mail server; the studio looks on."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError, URLError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, Request, build_opener

import pytest

from tests.cli.shell import shell, until
from tests.docs.pages import ROOT

pytestmark = pytest.mark.xdist_group("examples")


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def get(opener: OpenerDirector, address: str) -> str:
    try:
        with opener.open(address, timeout=10) as answer:
            text: str = answer.read().decode()
            return text
    except URLError:
        return ""


def post(opener: OpenerDirector, address: str, data: bytes, kind: str) -> int:
    try:
        with opener.open(Request(address, data, {"Content-Type": kind}), timeout=10) as answer:
            status: int = answer.status
            return status
    except HTTPError as error:
        with error:
            return error.code


@pytest.mark.parametrize("name", ["fastapi_app", "django_app"])
def test_who_signs_up_is_welcomed_by_mail_while_the_studio_looks_on(name: str, tmp_path: Path) -> None:
    port, mail_port, store = free_port(), free_port(), tmp_path / "example.db"
    command = [sys.executable, "-m", f"examples.{name}", f"--port={port}", f"--mail-port={mail_port}"]
    running = subprocess.Popen(
        [*command, f"--store={store}"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    said: list[str] = []
    assert running.stdout is not None
    reader = threading.Thread(target=lambda out: said.extend(out), args=(running.stdout,), daemon=True)
    reader.start()
    try:
        opener = build_opener(HTTPCookieProcessor(CookieJar()))
        site = f"http://127.0.0.1:{port}"
        page = ""
        end = time.monotonic() + 60
        while not (page := get(opener, f"{site}/")) and time.monotonic() < end:
            assert running.poll() is None, said
            time.sleep(0.1)
        assert 'name="email"' in page, said
        form = {"user": "ada", "email": "ada@example.com"}
        if (token := re.search(r'name="csrfmiddlewaretoken" value="(\w+)"', page)) is not None:
            form["csrfmiddlewaretoken"] = token[1]
        kind = "application/x-www-form-urlencoded"
        for _ in range(2):
            assert post(opener, f"{site}/signup", urlencode(form).encode(), kind) == 200, said
        until(lambda: "mail to ada@example.com: Welcome\n" in said)
        # The studio looks on, in a process of its own; a second click counted once.
        workflows = str(ROOT / "examples" / "workflows")
        found = json.loads(shell(tmp_path, "status", "--json", "--store", str(store)).stdout)
        assert (found["users"], found["events"], found["engine"]["pid"]) == (1, 1, running.pid)
        waits = shell(tmp_path, "waits", "--json", "--store", str(store), "--workflows", workflows)
        assert [json.loads(line)["name"] for line in waits.stdout.splitlines()] == ["activated"]
        assert post(opener, f"{site}/signup", urlencode({**form, "user": ""}).encode(), kind) in (400, 422)
        activated = {"event": "activated", "user": "ada"}
        if name == "fastapi_app":
            sent = post(opener, f"{site}/journeys/events", json.dumps(activated).encode(), "application/json")
            assert sent == 202
            assert '"state":"running"' in get(opener, f"{site}/journeys/healthz")
        else:
            done = shell(tmp_path, "send", "activated", "--user", "ada", "--store", str(store))
            assert done.stdout == "added activated for ada\n"
        until(lambda: "completed" in shell(tmp_path, "journeys", "--store", str(store)).stdout)
        running.send_signal(signal.SIGTERM)
        running.wait(30)
        assert json.loads(shell(tmp_path, "status", "--json", "--store", str(store)).stdout)["engine"] is None
    finally:
        running.kill()
        running.wait()
        reader.join(10)
        running.stdout.close()


def test_its_workflow_is_in_order(tmp_path: Path) -> None:
    done = shell(tmp_path, "check", str(ROOT / "examples" / "workflows"))
    assert (done.returncode, done.stdout) == (0, "")
