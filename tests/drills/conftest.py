"""Drills run on the loop that serves."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

import pytest
import uvloop

from tests.postgres.place import can_mount

# A small disk is a mounted one, which not everybody may make; `test_full_disk.py` has what anyone can.
collect_ignore = [] if can_mount() else ["test_small_disk.py"]


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"uvloop": uvloop.new_event_loop}
