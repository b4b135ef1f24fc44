"""The databases that are measured: generated once, kept between runs, and never anybody's own.

Each lies in a folder called by its size and by a digest of what it is made of: the generator, the migrations, the
first places and texts. When one of these changes, another is generated and the old one deleted.
"""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[2]
FOLDER: Final = ROOT / "var" / "bench"

_MADE_OF: Final = ("forum/generating", "forum/migrations", "forum/markup", "forum/data", "forum/seeds.py")
_FILLED: Final = "filled"


@dataclass(frozen=True, slots=True)
class Size:
    """What `run.py generate` is asked for; groups and categories as a new forum begins with, unless said.

    Pages are not measured where it is there for openings alone, unless cases are named; where there are proposals,
    their lists are, and nothing else.
    """

    members: int
    topics: int
    posts: int
    groups: int | None = None
    categories: int | None = None
    for_openings: bool = False
    proposals: int = 0


SIZES: Final = {
    "small": Size(2_000, 2_100, 42_000),
    "region": Size(7_500, 12_500, 250_000, for_openings=True),  # 5,024 in Cyprus; 100,201 posts in the busiest category
    "large": Size(20_000, 50_000, 1_000_000),
    "proposals": Size(2_000, 110_000, 130_000, proposals=100_000),
    "wide": Size(20_000, 50_000, 1_000_000, groups=500, categories=200),
}


@contextlib.contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Keep the folder to this run: what another one adds and takes away would be in the way, and both would be slow."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise SystemExit(f"another run is measuring in {folder}") from None
        yield


def filled(name: str, folder: Path) -> Path:
    """Return the data directory of a size, generated first if it is not there."""
    place = folder / f"{name}-{_digest()}"
    if (place / _FILLED).exists():
        return place
    for old in folder.glob(f"{name}-*"):
        shutil.rmtree(old)
    size = SIZES[name]
    options = [f"--members={size.members}", f"--topics={size.topics}", f"--posts={size.posts}"]
    options += [f"--groups={size.groups}"] if size.groups else []
    options += [f"--categories={size.categories}"] if size.categories else []
    options += [f"--proposals={size.proposals}"] if size.proposals else []
    place.mkdir()
    print(f"generating {size.posts:,} posts …", file=sys.stderr, flush=True)
    subprocess.run(run_py("generate", *options), cwd=place, env=environment(place), stdout=sys.stderr, check=True)
    (place / _FILLED).touch()
    return place


def run_py(*arguments: str) -> list[str]:
    """Return the command line of a command of the forum."""
    return [sys.executable, str(ROOT / "run.py"), *arguments]


def environment(data_dir: Path, **settings: str) -> dict[str, str]:
    """Return an environment in which nothing but these settings is set.

    A `.env` file is read from the folder a command is started in: commands of ours are started in their data directory.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("FORUM_")}
    return {**kept, "FORUM_DATA_DIR": str(data_dir), **settings}


def _digest() -> str:
    digest = hashlib.sha256()
    for part in _MADE_OF:
        path = ROOT / part
        files = sorted(path.rglob("*")) if path.is_dir() else [path]
        for file in files:
            if file.is_file() and file.suffix != ".pyc":
                digest.update(str(file.relative_to(ROOT)).encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:12]
