"""What a store's driver can do, and what is said of what it cannot."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from studio.errors import NotOffered
from studio.store.capabilities import (
    FEATURE_OF,
    LOCAL,
    WORDS,
    Capabilities,
    Feature,
    capabilities_of,
    foreign,
    require,
    set_writer,
    writer_of,
)
from studio.store.sqlite import Store


def test_each_feature_has_a_field_and_words() -> None:
    assert set(WORDS) == set(get_args(Feature))
    assert all(LOCAL.has(feature) for feature in WORDS)
    assert LOCAL.missing() == []
    assert set(FEATURE_OF.values()) < set(WORDS)
    assert set(LOCAL.record()) == {"driver", "imports", *WORDS} - {"import"}


def test_a_foreign_store_offers_looking_and_forgetting() -> None:
    found = foreign("Temporal")
    assert [feature for feature in WORDS if found.has(feature)] == ["inspect", "erase"]
    assert found.record()["driver"] == "Temporal"


@pytest.mark.parametrize("feature", list(WORDS))
def test_what_is_not_there_is_refused_by_name_with_what_to_do(feature: Feature) -> None:
    nothing = Capabilities("Temporal", *[False] * 14)
    with pytest.raises(NotOffered) as told:
        nothing.require(feature, "a.db")
    what, fix = WORDS[feature]
    assert str(told.value) == f"a.db: {what}: Temporal carries its journeys on. {fix}"
    LOCAL.require(feature)


def test_a_store_says_who_writes_it(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    assert capabilities_of(path) is LOCAL
    path.touch()
    assert capabilities_of(path) is LOCAL
    store = Store(path)
    assert capabilities_of(path) is LOCAL
    with store.transaction() as con:
        assert writer_of(con) is None
        set_writer(con, "Temporal")
    store.close()
    assert capabilities_of(path) == foreign("Temporal")
    require(path, "erase")
    with pytest.raises(NotOffered, match=r"a\.db: this store cannot be rewound: Temporal"):
        require(path, "rewind")
