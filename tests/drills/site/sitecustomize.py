"""Imported by every interpreter that finds it on its path: has those listened to that serve in a drill."""

import os
import select
import sys
import time
from typing import Any


def _sleep(seconds: Any) -> None:
    select.select([], [], [], seconds)


if "FAKETIME_TIMESTAMP_FILE" in os.environ:
    # Where it leaves the clock alone that only goes forward, libfaketime 0.9.10 lets nobody sleep by it.
    time.sleep = _sleep

if "forum.processes" in sys.orig_argv:
    from tests.drills import ticking

    ticking.listen()
