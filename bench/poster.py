"""The other process: posts events by HTTP on several connections, one request at a time on each."""

from __future__ import annotations

import asyncio
import json
import sys
import time

HEAD = b"POST /e/bench HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n"


async def main(port: int, connections: int, requests: int, events: int) -> None:
    """Post, and print the seconds that it took.

    Args:
        requests: on each connection.
        events: in each request.
    """
    opened = [await asyncio.open_connection("127.0.0.1", port) for _ in range(connections)]
    start = time.perf_counter()
    await asyncio.gather(
        *(_post(number, *pair, requests, events) for number, pair in enumerate(opened)),
    )
    print(time.perf_counter() - start)
    for _, writer in opened:
        writer.close()


async def _post(
    number: int, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, requests: int, events: int
) -> None:
    for request in range(requests):
        users = (f"{number}-{request}-{each}" for each in range(events))
        body = json.dumps([{"name": "app/seen", "user": {"external_id": user}} for user in users]).encode()
        writer.write(
            b"POST /e/bench HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: %d\r\n\r\n" % len(body) + body
        )
        head = await reader.readuntil(b"\r\n\r\n")
        if not head.startswith(b"HTTP/1.1 200"):
            raise RuntimeError(head.decode())
        length = next(line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
        await reader.readexactly(int(length.split(b":")[1]))


if __name__ == "__main__":
    asyncio.run(main(*map(int, sys.argv[1:])))
