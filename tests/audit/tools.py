"""Finds the tools that `tools/bootstrap.py audit` has put into `.venv/node`, and runs them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_MODULES: Final = Path(__file__).parents[2] / ".venv" / "node" / "node_modules"
LIGHTHOUSE: Final = _MODULES / "lighthouse" / "cli" / "index.js"
VNU: Final = _MODULES / "vnu-jar" / "build" / "dist" / "vnu.jar"


async def run(*command: str | Path, environment: Mapping[str, str] | None = None) -> tuple[int, str, str]:
    """Run a program to its end; return its status and what it said on both ways."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **(environment or {})},
    )
    said, complained = await process.communicate()
    return process.returncode or 0, said.decode(errors="replace"), complained.decode(errors="replace")
