"""Values as few bytes."""

from __future__ import annotations

import pytest

from studio.kernel.packed import encode, pack, unpack


def test_what_is_packed_comes_back() -> None:
    value = {"ü": [1, 2.5, None, True, "x" * 5000]}
    assert unpack(pack(value)) == value
    assert len(pack(value)) < 100
    assert encode({"b": 1, "a": 2}) == b'{"b":1,"a":2}'


@pytest.mark.parametrize("packed", [b"", b"{}", pack({"a": 1})[:-2]])
def test_other_bytes_are_refused(packed: bytes) -> None:
    with pytest.raises(ValueError, match="unpacked"):
        unpack(packed)


def test_text_is_spelled_in_one_way_and_what_is_no_json_is_refused() -> None:
    assert encode("ü") == '"ü"'.encode()
    with pytest.raises(ValueError, match="not JSON compliant"):
        encode(float("nan"))
