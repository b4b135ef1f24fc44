"""Commands as an operator gives them: the program in a process of its own, on the test's database."""

from __future__ import annotations

import contextlib
import os
import pty
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

    def begin(self, *arguments: str, **settings: str) -> subprocess.Popen[str]:
        """Start a command and return it while it runs."""
        return subprocess.Popen(
            [sys.executable, "run.py", *arguments],
            cwd=ROOT,
            env={**self.environment, **settings},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def on_a_terminal(self, *arguments: str) -> tuple[int, bytes]:
        """Run a command whose standard error is a terminal; return its status and what the terminal was shown."""
        ours, theirs = pty.openpty()
        with subprocess.Popen(
            [sys.executable, "run.py", *arguments],
            cwd=ROOT,
            env={**self.environment, "TERM": "xterm", "COLUMNS": "120"},
            stdout=subprocess.DEVNULL,
            stderr=theirs,
        ) as program:
            os.close(theirs)
            shown = b""
            with contextlib.suppress(OSError):  # how a terminal ends
                while part := os.read(ours, 65536):
                    shown += part
        os.close(ours)
        return program.returncode, shown
