"""`python -m studio.assistant.listing FOLDER [NAME]`: the workflows there, or the source of one."""

from __future__ import annotations

import sys

from studio.source import loader
from studio.text.printable import json_line


def main(path: str, name: str | None = None) -> int:
    """Print them; gives 1 when the named one is not there."""
    loaded = loader.load(path)
    if name is None:
        for each in loaded.workflows.values():
            exits = None if each.exit_on is None else each.exit_on.text
            about = (each.__doc__ or "").strip().partition("\n")[0]
            line = {
                "workflow": each.name,
                "file": each.file,
                "line": each.line,
                "starts at": each.trigger.text,
            }
            print(json_line({**line, "ends at": exits, "key": each.key, "about": about}))
        for problem in loaded.problems:
            print(json_line({"problem": str(problem)}))
        return 0
    found = loaded.workflows.get(name)
    if found is None:
        print(
            f"there is no workflow {name!r}. There is: {', '.join(loaded.workflows) or 'none'}.",
            file=sys.stderr,
        )
        return 1
    print(found.source, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
