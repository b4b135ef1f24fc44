"""Rights by name, what each implies, and the stages of opening a category. Source: CATALOGUE, "Rights"."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final

from forum.domain.entities import RIGHTS
from forum.errors import Invalid

STAGES: Final[dict[str, tuple[str, ...]]] = {
    "closed": (),
    "readers": ("see", "read"),
    "commenters": ("see", "read", "reply"),
    "participants": ("see", "read", "start", "reply", "vote", "attach"),
}
"""What a group holds at each stage, from the narrowest to the widest."""

_NEEDS: Final = {
    "see": (),
    "read": ("see",),
    "start": ("see", "read"),
    "reply": ("see", "read"),
    "vote": ("see", "read"),
    "attach": ("see", "read"),
    "moderate": ("see", "read", "reply"),
}
"""What each right implies."""


def stage_of(rights: Collection[str]) -> str:
    """Return the stage that rights make up, empty where they are no stage."""
    return next((stage for stage, held in STAGES.items() if set(held) == set(rights)), "")


def wider(rights: Collection[str]) -> str:
    """Return the narrowest stage that has these rights and more, empty where none has."""
    return next((stage for stage, held in STAGES.items() if set(held) > set(rights) - {"moderate"}), "")


def complete(rights: Iterable[str]) -> frozenset[str]:
    """Return rights with those that they imply; raise Invalid for one there is not."""
    wanted = set(rights)
    if wanted - set(RIGHTS):
        raise Invalid({"rights": ("not_allowed",)})
    return frozenset(wanted.union(*(_NEEDS[right] for right in wanted)))


def ordered(rights: Collection[str]) -> list[str]:
    """Return rights in the order of INTERFACE."""
    return [right for right in RIGHTS if right in rights]


def each(text: str) -> str:
    """Return SQL for every right, separated by commas; `text` has its name as {right}."""
    return ", ".join(text.format(right=right) for right in RIGHTS)


def held(rights: str) -> str:
    """Return the SQL of the names of the rights of a row that has them as `can_…`, in order."""
    names = each(f"CASE WHEN {rights}.can_{{right}} THEN '{{right}}' END")
    return f"array_remove(ARRAY[{names}], NULL)"
