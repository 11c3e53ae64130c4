"""A server of S3 that is real to its clients, and a proxy in front of it that breaks what it is told to."""

from __future__ import annotations

import http.client
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from obstore.store import S3Store

BUCKET = "journeys"
HOST = "127.0.0.1"
START_SECONDS = 60.0


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as found:
        found.bind((HOST, 0))
        return int(found.getsockname()[1])


@contextmanager
def moto_server() -> Iterator[int]:
    """A server with one bucket; gives its port."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "moto.server", "-H", HOST, "-p", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            end = time.monotonic() + START_SECONDS
            while True:
                assert server.poll() is None, "the server has ended"
                assert time.monotonic() < end, "the server does not start"
                try:
                    make_bucket(port)
                    break
                except OSError:
                    time.sleep(0.05)
            yield port
        finally:
            server.kill()


def make_bucket(port: int, name: str = BUCKET) -> None:
    """A bucket, new."""
    con = http.client.HTTPConnection(HOST, port, timeout=START_SECONDS)
    con.request("PUT", f"/{name}")
    answer = con.getresponse()
    answer.read()
    con.close()
    assert answer.status == 200, answer.status


def store(port: int, **more: Any) -> S3Store:
    """The bucket, as a client of S3 sees it."""
    return S3Store(
        BUCKET,
        endpoint=f"http://{HOST}:{port}",
        access_key_id="testing",
        secret_access_key="testing",
        region="us-east-1",
        virtual_hosted_style_request=False,
        client_options={"allow_http": True, "timeout": "60s"},
        **more,
    )


Fault = Callable[[str, str], "tuple[int, dict[str, str]] | bytes | float | None"]
"""Takes method and path; gives a status and headers or a body to answer with, seconds to wait, or nothing."""

NOTHING_LISTED = b"""<?xml version="1.0"?>
<ListBucketResult><IsTruncated>false</IsTruncated><KeyCount>0</KeyCount></ListBucketResult>"""


@dataclass
class Proxy:
    """What stands between a client and the server."""

    port: int
    fault: Fault = lambda method, path: None
    requests: list[tuple[str, str]] = field(default_factory=list)
    """Method and path of each, in the order of coming."""

    def count(self, method: str, part: str = "") -> int:
        """How many requests came of a method, with this in their path."""
        return sum(each == method and part in path for each, path in self.requests)


@contextmanager
def proxy(server: int) -> Iterator[Proxy]:
    """A proxy in front of a server, until the end."""
    lock, putting = threading.Lock(), threading.Lock()
    ending = threading.Event()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: Any) -> None:
            pass

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            with lock:
                state.requests.append((self.command, self.path))
                wanted = state.fault(self.command, self.path)
            if isinstance(wanted, tuple):
                self._answer(wanted[0], wanted[1], b"")
                return
            if isinstance(wanted, bytes):
                self._answer(200, {"Content-Type": "application/xml"}, wanted)
                return
            if wanted is not None:
                ending.wait(wanted)
            # The server looks whether an object is there, and then writes it, with time between the two.
            with putting if self.command == "PUT" else nullcontext():
                self._ask_server(body)

        def _ask_server(self, body: bytes) -> None:
            con = http.client.HTTPConnection(HOST, server, timeout=START_SECONDS)
            headers = {
                name: value
                for name, value in self.headers.items()
                if name.lower() not in ("connection", "host")
            }
            con.request(self.command, self.path, body, {**headers, "Host": f"{HOST}:{server}"})
            answer = con.getresponse()
            found = answer.read()
            con.close()
            kept = {
                name: value
                for name, value in answer.getheaders()
                if name.lower() not in ("content-length", "transfer-encoding", "connection")
            }
            if self.command == "HEAD":
                kept["Content-Length"] = answer.getheader("Content-Length") or "0"
            self._answer(answer.status, kept, found)

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            try:
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                if self.command != "HEAD":
                    self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                # The client has given up, as a test of time-outs wants it.
                self.close_connection = True

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _pass_on

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, request: Any, client_address: Any) -> None:
            """A client that was killed in the middle of a request is no fault of ours."""

    serving = Server((HOST, 0), Handler)
    state = Proxy(int(serving.server_address[1]))
    thread = threading.Thread(target=serving.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        ending.set()
        serving.shutdown()
        serving.server_close()
        thread.join()
