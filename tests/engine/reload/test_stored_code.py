"""Workflows as they were, made of the source that a store keeps."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from studio.engine.reload.stored_code import load_version, newest_version
from studio.engine.reload.versions import register
from studio.errors import StoreError
from studio.language.definition import Workflow
from studio.source.loader import load
from tests.engine.bench import Bench

SHOP = """
from studio import workflow
from _prices import PRICE

@workflow(trigger="go")
async def shop(journey):
    return {word!r}, PRICE
"""


@pytest.fixture(autouse=True)
def forgotten() -> Iterator[None]:
    yield
    sys.modules.pop("_prices", None)


def write(folder: Path, word: str, price: int) -> Workflow:
    folder.mkdir(exist_ok=True)
    (folder / "_prices.py").write_text(f"PRICE = {price}\n")
    (folder / "shop.py").write_text(SHOP.format(word=word))
    return load(str(folder)).workflows["shop"]


def kept(bench: Bench, made: Workflow) -> str:
    bench.swap(made)
    register(bench.batch, {}, 50, {}, "not loaded")
    bench.write()
    return made.code


def test_each_version_is_made_again_with_the_modules_of_then(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "a.db")
    first = kept(bench, write(tmp_path / "w", "first", 1))
    second = kept(bench, write(tmp_path / "w", "second", 2))
    assert newest_version(bench.store, "shop") == second
    for hash, word, price in ((first, "first", 1), (second, "second", 2)):
        made, source = load_version(bench.store, hash, "shop")
        assert (made.name, word in source) == ("shop", True)
        assert made.function.__globals__["PRICE"] == price


def test_a_version_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "a.db")
    assert newest_version(bench.store, "shop") is None
    with pytest.raises(StoreError, match="there is no version 123 of shop"):
        load_version(bench.store, "123", "shop")


def test_the_version_that_ran_last_may_be_an_older_one(tmp_path: Path) -> None:
    bench = Bench(tmp_path / "a.db")
    first = kept(bench, write(tmp_path / "w", "first", 1))
    kept(bench, write(tmp_path / "w", "second", 2))
    assert kept(bench, write(tmp_path / "w", "first", 1)) == first
    assert newest_version(bench.store, "shop") == first
