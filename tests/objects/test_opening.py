"""An object store by its URL, and what a project says of it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from studio.cli import call
from studio.errors import StudioError
from studio.objects.opening import events_of_project, is_url, store_at, url_of_project
from studio.source.extras import need_extra


def test_which_texts_are_urls() -> None:
    assert all(map(is_url, ("s3://bucket", "gs://b/p", "az://a/c", "file:///tmp/x", "memory:///")))
    assert not any(map(is_url, ("data/studio.db", "https://example.org", "s3:bucket", "x://y", "-")))


def test_what_cannot_be_opened_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        StudioError, match=r"'bucket' is no URL of an object store\. Write \"s3://bucket/prefix\""
    ):
        store_at("bucket")
    (tmp_path / "file").touch()
    with pytest.raises(StudioError, match="it cannot be opened"):
        store_at(f"file://{tmp_path}/file")


def test_without_obstore_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("studio.source.extras.find_spec", lambda name: None)
    with pytest.raises(StudioError, match=r"pip install 'journey-studio\[objects\]'"):
        need_extra("objects")


def test_a_project_names_one_bucket(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert url_of_project() is None
    assert events_of_project() is None
    file = tmp_path / "pyproject.toml"
    file.write_text('[tool.journey-studio]\nstore = "a.db"\n')
    assert url_of_project() is None
    file.write_text('[tool.journey-studio.objects]\nurl = "memory:///"\nlater = 1\n')
    assert url_of_project() == "memory:///"
    assert events_of_project() is not None
    for text, what in (
        ('[tool.journey-studio.objects]\nurll = "x"\n', "there is no setting urll. Did you mean url?"),
        ("[tool.journey-studio.objects]\nurl = 7\n", "url is 7 and must be a text"),
        ("[tool.journey-studio]\nobjects = 7\n", "it is 7 and no table"),
        ("[tool", "it is not valid TOML"),
    ):
        file.write_text(text)
        with pytest.raises(StudioError) as told:
            url_of_project()
        assert what in str(told.value)


def test_a_run_keeps_its_events_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("workflows").mkdir()
    Path("workflows/w.py").write_text(
        "from studio import workflow\n@workflow\nasync def w(journey): return 1\n"
    )
    Path("pyproject.toml").write_text(f'[tool.journey-studio.objects]\nurl = "file://{tmp_path}/objects"\n')
    Path("events.jsonl").write_text('{"event": "signup", "user": "ada", "data": {"n": 1}, "id": "s"}\n')
    assert call(["run", "--until-idle", "--events", "events.jsonl", "--store", "a.db"]) == 0
    (kept,) = Path("objects").rglob("*.json")
    assert kept.relative_to("objects") == Path("users/ada/events/signup/s.json")
    assert json.loads(kept.read_text())["data"] == {"n": 1}
