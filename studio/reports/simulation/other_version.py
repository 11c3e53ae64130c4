"""Another version of a workflow: a file, a folder, or what git has under a name."""

from __future__ import annotations

import io
import subprocess
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from studio.errors import StudioError
from studio.language.definition import Workflow
from studio.source import loader

GIT = "git:"


@contextmanager
def other_version(which: str, folder: Path, name: str) -> Iterator[dict[str, Workflow]]:
    """The workflows of another version; they can be driven as long as the block lasts.

    Args:
        which: a file, a folder, or "git:REF".
        folder: where the present version stands; git is asked for the same path.
        name: the workflow that must be there.

    Raises:
        StudioError: there is no such version, or no such workflow in it.
    """
    if not which.startswith(GIT):
        yield _loaded(Path(which), which, name)
        return
    with TemporaryDirectory(prefix="journey-studio-") as temporary:
        yield _loaded(_checked_out(which.removeprefix(GIT), folder, Path(temporary)), which, name)


def _loaded(path: Path, which: str, name: str) -> dict[str, Workflow]:
    loaded = loader.load(path)
    found = dict(loaded.workflows)
    if name not in found:
        told = "; ".join(str(problem) for problem in loaded.problems)
        raise StudioError(f"it has no workflow {name!r}", where=which, fix=told)
    return found


def _checked_out(ref: str, path: Path, into: Path) -> Path:
    """Put what git has of a path under a folder; gives it there."""
    beside = path if path.is_dir() else path.parent
    root = Path(_git(beside, ref, "rev-parse", "--show-toplevel").decode().strip())
    inside = path.resolve().relative_to(root.resolve())
    # All of the project: workflows import modules that stand beside their folder.
    packed = _git(root, ref, "archive", "--format=tar", ref)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(into, filter="data")
    if not (into / inside).exists():
        raise StudioError(f"it has no {inside}", where=f"{GIT}{ref}")
    return into / inside


def _git(folder: Path, ref: str, *arguments: str) -> bytes:
    try:
        return subprocess.run(
            ["git", "-C", str(folder), *arguments], check=True, capture_output=True, timeout=60
        ).stdout
    except FileNotFoundError as error:
        raise StudioError("git is not installed", where=f"{GIT}{ref}") from error
    except subprocess.CalledProcessError as error:
        said = error.stderr.decode(errors="replace").strip()
        raise StudioError(f"git says: {said}", where=f"{GIT}{ref}") from error
    except subprocess.TimeoutExpired as error:
        raise StudioError("git does not come back", where=f"{GIT}{ref}") from error
