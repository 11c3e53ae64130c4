"""Packed bodies: those that clients send, and those that somebody made to do harm."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest

from studio.web.ingest.bodies import MOST_BYTES
from studio.web.ingest.packed import MOST_MEMBERS, content_codings, unpack
from studio.web.ingest.refused_request import RefusedRequest
from tests.web.ingest.conftest import Client

pytestmark = pytest.mark.xdist_group("http")

BATCH = json.dumps(
    {"batch": [{"type": "track", "event": "Login", "userId": "ada", "messageId": "m1"}]}
).encode()
MOST = 1 << 20
"""Bytes, for the tests of the unit."""


def packed(data: bytes, level: int = 9) -> bytes:
    """As gzip packs, at no time: workers of pytest must find tests of the same names."""
    return gzip.compress(data, level, mtime=0)


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def refusal(body: bytes, *codings: str) -> tuple[int, str]:
    with pytest.raises(RefusedRequest) as told:
        unpack(body, codings, MOST)
    return told.value.status, told.value.reason


@pytest.mark.parametrize(
    ("headers", "codings"),
    [
        ([], []),
        ([""], []),
        (["identity"], []),
        (["gzip"], ["gzip"]),
        (["GZip"], ["gzip"]),
        (["deflate, gzip"], ["deflate", "gzip"]),
        (["identity, gzip,"], ["gzip"]),
        (["deflate", "x-gzip"], ["deflate", "x-gzip"]),
    ],
)
def test_a_header_names_codings_in_the_order_they_were_done(headers: list[str], codings: list[str]) -> None:
    assert content_codings(headers) == codings


@pytest.mark.parametrize(
    "header", ["br", "zstd", "gzip, br", "gzip gzip", "*", "gzip;q=1", ", ".join(["gzip"] * 5)]
)
def test_a_coding_that_is_not_known_is_415_and_says_which_are(header: str) -> None:
    with pytest.raises(RefusedRequest) as told:
        content_codings([header])
    assert told.value.status == 415
    assert told.value.headers == {"Accept-Encoding": "gzip, deflate"}
    assert "gzip, deflate" in told.value.reason


@pytest.mark.parametrize(
    ("body", "codings"),
    [
        (b"hello", ()),
        (packed(b"hello"), ("gzip",)),
        (packed(b"hello"), ("x-gzip",)),
        (zlib.compress(b"hello"), ("deflate",)),
        (raw_deflate(b"hello"), ("deflate",)),
        (packed(packed(b"hello")), ("gzip", "gzip")),
        (packed(zlib.compress(b"hello")), ("deflate", "gzip")),
        (packed(b"hel") + packed(b"") + packed(b"lo"), ("gzip",)),
    ],
)
def test_a_body_comes_out_as_it_was(body: bytes, codings: tuple[str, ...]) -> None:
    assert unpack(body, codings, MOST) == b"hello"


@pytest.mark.parametrize(
    ("body", "coding", "why"),
    [
        (b"", "gzip", "it ends too early"),
        (packed(b"hello")[:-1], "gzip", "it ends too early"),
        (zlib.compress(b"hello")[:-1], "deflate", "it ends too early"),
        (b'{"batch": []}', "gzip", "incorrect header check"),
        (b'{"batch": []}', "deflate", "incorrect header check"),
        (zlib.compress(b"hello"), "gzip", "incorrect header check"),
        (packed(b"hello") + b"more", "gzip", "incorrect header check"),
        (zlib.compress(b"hello") + b"more", "deflate", "something lies behind its end"),
        (packed(b"hello")[:-8] + bytes(8), "gzip", "incorrect data check"),
        (packed(b"") * (MOST_MEMBERS + 1), "gzip", "it has more than 1,000 parts"),
    ],
)
def test_a_body_that_is_not_what_its_header_says_is_400(body: bytes, coding: str, why: str) -> None:
    assert refusal(body, coding) == (400, f"The body is not what its Content-Encoding {coding} says: {why}.")


def test_a_limit_is_counted_unpacked() -> None:
    assert len(unpack(packed(bytes(MOST)), ["gzip"], MOST)) == MOST
    more = bytes(MOST + 1)
    for body, codings in (
        (packed(more), ("gzip",)),
        (zlib.compress(more), ("deflate",)),
        (raw_deflate(more), ("deflate",)),
        (packed(packed(more)), ("gzip", "gzip")),
        (packed(bytes(MOST // 2 + 1)) * 2, ("gzip",)),
    ):
        assert refusal(body, *codings)[0] == 413


@pytest.mark.parametrize(
    ("encoding", "body"),
    [
        ("gzip", packed(BATCH)),
        ("deflate", zlib.compress(BATCH)),
        ("deflate", raw_deflate(BATCH)),
        ("deflate, gzip", packed(zlib.compress(BATCH))),
        ("identity", BATCH),
    ],
)
def test_what_clients_pack_is_taken(client: Client, encoding: str, body: bytes) -> None:
    assert client.post("/v1/batch", body, {"Content-Encoding": encoding}) == (200, {"success": True})
    assert client.stored() == [("Login", "ada")]


def test_a_bomb_is_413_and_costs_no_more_than_a_body_may_hold(client: Client) -> None:
    bomb = packed(bytes(256 << 20), 1)
    assert len(bomb) < MOST_BYTES < 256 << 20
    for encoding, body in (("gzip", bomb), ("gzip, gzip", packed(bomb))):
        status, answer = client.post("/v1/batch", body, {"Content-Encoding": encoding})
        assert (status, answer["error"]) == (413, "The body is more than 8 MiB. Send fewer events at once.")
    assert client.stored() == []


def test_the_door_says_what_it_reads(client: Client) -> None:
    status, headers, answer = client.send("/v1/batch", BATCH, {"Content-Encoding": "br"})
    assert (status, headers["accept-encoding"]) == (415, "gzip, deflate")
    assert (
        answer["error"]
        == "The Content-Encoding 'br' is not read. Send the body as it is, or as gzip, deflate."
    )
