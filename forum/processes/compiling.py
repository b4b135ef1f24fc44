"""Templates compiled by an interpreter of their own, while the process that needs them gets ready.

It takes half a second of a processor. In a thread of a process that answers it holds up the loop, which asks for its
turn again after every call of the system; before that process is ready it would keep everybody waiting.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from typing import Final

_SECONDS: Final = 30.0


class Compiling:
    """A compilation under way from the moment this is made."""

    def __init__(self) -> None:
        self._said = tempfile.TemporaryFile()  # noqa: SIM115 - a pipe would have to be read all the while
        self._popen = subprocess.Popen(
            [sys.executable, "-P", "-m", "forum.templating"], stdin=subprocess.DEVNULL, stdout=self._said
        )

    def finish(self) -> bytes:
        """Wait for the end and return what `templating.take` takes; nothing if it came to nothing."""
        with self._popen, self._said:
            try:
                status = self._popen.wait(_SECONDS)
            except subprocess.TimeoutExpired:
                self._popen.kill()
                return b""
            self._said.seek(0)
            return b"" if status else self._said.read()
