"""README.md and the pages of docs/ as the tests look at them: their blocks of code, tables and links."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
FENCED = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of code."""

    language: str
    text: str
    line: int
    """Where it begins in its page."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of Markdown."""

    path: Path
    text: str

    @property
    def name(self) -> str:
        """As a reader finds it: "docs/reload.md"."""
        return self.path.relative_to(ROOT).as_posix()

    def blocks(self, *languages: str) -> list[Block]:
        """The blocks of these languages, all when none is named, in order."""
        found = [
            Block(match[1], match[2], self.text.count("\n", 0, match.start()) + 1)
            for match in re.finditer(r"^```(\w*)\n(.*?)^```$", self.text, re.MULTILINE | re.DOTALL)
        ]
        return [block for block in found if not languages or block.language in languages]

    @property
    def prose(self) -> str:
        """The text without its blocks of code."""
        return FENCED.sub("", self.text)

    def links(self) -> list[str]:
        """Where its links and pictures lead, as they are written."""
        return re.findall(r"\]\(([^)\s]+)\)", self.prose)

    def anchors(self) -> set[str]:
        """What stands behind `#` in a link to a heading of this page."""
        return {anchor(heading) for heading in re.findall(r"^#+ (.+)$", self.prose, re.MULTILINE)}


def anchor(heading: str) -> str:
    """The anchor of a heading: "What to look at" has "what-to-look-at"."""
    return re.sub(r"\s+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower())


def page(name: str) -> Page:
    """The page of this name, from the project's root."""
    return Page(ROOT / name, (ROOT / name).read_text(encoding="utf-8"))


README = page("README.md")
CONTRIBUTING = page("CONTRIBUTING.md")
DOCS = [page(path.relative_to(ROOT).as_posix()) for path in sorted((ROOT / "docs").rglob("*.md"))]
PAGES = [README, CONTRIBUTING, *DOCS]


def blocks(*languages: str) -> list[Block]:
    """The blocks of these languages in all pages."""
    return [block for each in PAGES for block in each.blocks(*languages)]


def block_with(language: str, text: str) -> Block:
    """The one block of all pages that holds this text."""
    (found,) = [block for block in blocks(language) if text in block.text]
    return found


def table(head: str) -> list[list[str]]:
    """The rows of the one table whose first head is this: the texts of their cells."""
    (text,) = [each.text for each in PAGES if f"\n| {head} |" in each.text]
    _, _, rest = text.partition(f"\n| {head} |")
    rows = [line for line in rest.split("\n\n")[0].splitlines()[2:] if line.startswith("|")]
    return [[cell.strip() for cell in row.split("|")[1:-1]] for row in rows]


def codes(cell: str) -> list[str]:
    """What is set as code: in backticks, or, where a `|` is in it, between tags."""
    found = re.findall(r"`([^`]+)`|<code>(.+?)</code>", cell)
    return [plain or tagged.replace("&#124;", "|") for plain, tagged in found]
