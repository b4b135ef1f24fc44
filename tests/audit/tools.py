"""Finds what `tools/bootstrap.py audit` has installed, programs and lists of hostile texts, and runs or reads it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

_MODULES: Final = Path(__file__).parents[2] / ".venv" / "node" / "node_modules"
LIGHTHOUSE: Final = _MODULES / "lighthouse" / "cli" / "index.js"
VNU: Final = _MODULES / "vnu-jar" / "build" / "dist" / "vnu.jar"
_NAUGHTY: Final = _MODULES / "blns" / "resources" / "blns.json"

# In a process of its own: what the package does when it is imported is nothing that our tests should share.
_ASK: Final = """
import json
from brs_kb.payloads import FULL_PAYLOAD_DATABASE
print(json.dumps([entry.payload for entry in FULL_PAYLOAD_DATABASE.values()]))
"""


async def payloads() -> list[str]:
    """Return the texts of brs-kb, which gathers public lists, and of the Big List of Naughty Strings, each once."""
    status, said, complained = await run(sys.executable, "-c", _ASK)
    assert status == 0, complained
    naughty: list[str] = json.loads(_NAUGHTY.read_text(encoding="utf-8"))
    gathered: list[str] = json.loads(said)
    return list(dict.fromkeys([*gathered, *naughty]))


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
