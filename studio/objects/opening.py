"""An object store by its URL, as `[tool.journey-studio.objects]` or a command names it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from urllib.request import url2pathname

from studio.errors import StudioError
from studio.source.extras import need_extra
from studio.source.project import objects_project

if TYPE_CHECKING:
    from studio.objects.events import ObjectEvents

SCHEMES = ("s3", "s3a", "gs", "az", "adl", "abfs", "abfss", "azure", "file", "memory")


def is_url(text: str) -> bool:
    """Whether a text names an object store, and not a file."""
    scheme, found, _ = text.partition("://")
    return bool(found) and scheme in SCHEMES


def store_at(url: str) -> Any:
    """The store of a URL; what is behind the bucket is in front of all keys. Credentials come by the usual
    environment variables, files and roles of its service.

    Raises:
        StudioError: it is no URL of an object store, or cannot be opened.
    """
    need_extra("objects")
    if not is_url(url):
        raise StudioError(f"{url!r} is no URL of an object store", fix='Write "s3://bucket/prefix".')
    from obstore.exceptions import BaseError
    from obstore.store import LocalStore, from_url

    try:
        if url.startswith("file://"):
            return LocalStore(Path(url2pathname(urlsplit(url).path)), mkdir=True)
        return from_url(url)
    except (BaseError, ValueError, OSError) as error:
        raise StudioError(f"it cannot be opened: {str(error).strip()}", where=url) from error


def url_of_project() -> str | None:
    """What the project's `[tool.journey-studio.objects]` says; None when it has no such table.

    Raises:
        StudioError: it holds what makes no sense.
    """
    return objects_project().get("url")


def events_of_project() -> ObjectEvents | None:
    """Events in the project's object store; None when it names none.

    Raises:
        StudioError: it cannot be opened.
    """
    url = url_of_project()
    if url is None:
        return None
    from studio.objects.events import ObjectEvents

    return ObjectEvents(store_at(url), "")
