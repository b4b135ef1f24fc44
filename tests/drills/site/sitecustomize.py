"""Imported by every interpreter that finds it on its path: has those listened to that serve in a drill."""

import sys

if "forum.processes" in sys.orig_argv:
    from tests.drills import ticking

    ticking.listen()
