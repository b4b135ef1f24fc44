"""What docs/security.md says is what the code and the tests say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final

from forum.web import ratelimit

ROOT: Final = Path(__file__).parents[2]
_TEXT: Final = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
_TIMES: Final = {"minute": 60, "hour": 3600, "day": 86400}


def test_the_limits_of_rate_are_those_of_the_code() -> None:
    told = [
        (act, int(limit), _TIMES[time])
        for act, limit, time in re.findall(r"^\| `(\w+)`: [^|]+\|[^|]+\| (\d+) an? (minute|hour|day) \|$", _TEXT, re.M)
    ]
    assert told == [(budget.act, budget.limit, budget.seconds) for budget in ratelimit.BUDGETS]


def test_every_test_it_names_is_there() -> None:
    gone: list[str] = []
    count = 0
    for path, names in re.findall(r"`(tests/[\w/]+\.py)`: ((?:`\w+`(?:, )?)+)", _TEXT):
        source = (ROOT / path).read_text(encoding="utf-8")
        for name in re.findall(r"`(\w+)`", names):
            count += 1
            if not re.search(rf"^ *(?:async def|def|class) {name}\b", source, re.M):
                gone.append(f"{path}: {name}")
    assert count > 100
    assert gone == []
