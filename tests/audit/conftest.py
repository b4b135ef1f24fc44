"""The browser's fixtures, for tests that are only collected when KOINON_AUDIT=1 says so (`make audit`).

They measure times, so they are run by themselves, after all others.
"""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Final

import pytest

from tests.browser.conftest import cast, chromium, open_page, owner, server, site
from tests.lengths import IS_AUDIT

__all__ = ["cast", "chromium", "open_page", "owner", "server", "site"]

collect_ignore_glob: Final = [] if IS_AUDIT else ["test_*.py"]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the coroutines of this folder the loop of the whole session, as those of tests/browser have."""
    for item in items:
        is_here = Path(__file__).parent in item.path.parents
        if is_here and isinstance(item, pytest.Function) and inspect.iscoroutinefunction(item.function):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
