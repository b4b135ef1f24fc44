"""What holds between the fields of a kind of topic, beyond what each takes by itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from forum.domain.kinds.fields import Value
from forum.errors import Detailed

Rule = Callable[[Mapping[str, Value], Mapping[str, str]], Mapping[str, str]]
"""What holds between fields: from values that are right by themselves, and the labels of all, the codes of those that
are not together."""


def in_order(*pairs: Sequence[str]) -> Rule:
    """Return the rule that of each two fields, where both are there, the second is not less than the first."""

    def rule(values: Mapping[str, Value], labels: Mapping[str, str]) -> Mapping[str, str]:
        return {
            second: Detailed("out_of_order", other=(labels[first],))
            for first, second in pairs
            if _are_reversed(values, first, second)
        }

    return rule


def until(early: str, late: str) -> Rule:
    """Return the rule that a moment, which depends on a second one, is not later than that."""

    def rule(values: Mapping[str, Value], labels: Mapping[str, str]) -> Mapping[str, str]:
        return {early: Detailed("too_late", other=(labels[late],))} if _are_reversed(values, early, late) else {}

    return rule


def _are_reversed(values: Mapping[str, Value], first: str, second: str) -> bool:
    return first in values and second in values and bool(_measure(values[first]) > _measure(values[second]))


def _measure(value: Value) -> Any:
    return value["at"] if isinstance(value, dict) else value
