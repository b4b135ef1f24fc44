"""Commands as an operator gives them: the program in a process of its own, on the test's database."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]


class Run:
    """Runs commands against the test's database."""

    def __init__(self, database_url: str, data_dir: Path) -> None:
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("FORUM_")},
            "FORUM_DATABASE_URL": database_url,
            "FORUM_MIGRATION_URL": database_url.replace("://koinon@", "://koinon_owner@"),
            "FORUM_DATA_DIR": str(data_dir),
        }

    def __call__(self, *arguments: str, given: str = "", **settings: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "run.py", *arguments],
            cwd=ROOT,
            env={**self.environment, **settings},
            input=given,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
