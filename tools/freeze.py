"""Write `constraints.txt`: the exact version of every package that ours need, as `.venv` has them now.

    .venv/bin/python tools/freeze.py

To move to newer ones: upgrade in `.venv` (`.venv/bin/python -m pip install --upgrade -e '.[test,check,audit]'`), run
the tests, freeze.
"""

from __future__ import annotations

import sys
import tomllib
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
HEADER = "# The exact versions that tests ran with; written by tools/freeze.py, read by tools/bootstrap.py.\n"


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = list(project["dependencies"])
    for extra in project["optional-dependencies"].values():
        wanted.extend(extra)
    pins = closure([Requirement(text) for text in wanted])
    lines = [f"{name}=={pins[name]}\n" for name in sorted(pins)]
    (ROOT / "constraints.txt").write_text(HEADER + "".join(lines), encoding="utf-8")
    sys.stdout.write(f"{len(lines)} packages pinned in constraints.txt\n")


def closure(wanted: list[Requirement]) -> dict[str, str]:
    """Return name and version of all that the requirements need on this machine, extras included.

    Raise importlib.metadata.PackageNotFoundError if one of them is not installed.
    """
    pins: dict[str, str] = {}
    seen: set[tuple[str, str]] = set()
    todo = [
        (requirement, extra) for requirement in wanted for extra in ("", *requirement.extras) if applies(requirement)
    ]
    while todo:
        requirement, extra = todo.pop()
        name = canonicalize_name(requirement.name)
        if (name, extra) in seen:
            continue
        seen.add((name, extra))
        pins[name] = metadata.version(name)
        for text in metadata.requires(name) or ():
            needed = Requirement(text)
            if applies(needed, extra):
                todo.extend((needed, further) for further in ("", *needed.extras))
    return pins


def applies(requirement: Requirement, extra: str = "") -> bool:
    return requirement.marker is None or requirement.marker.evaluate({"extra": extra})


if __name__ == "__main__":
    main()
