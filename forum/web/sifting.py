"""What a category's list is asked for: its order, and the filters that the definitions of kinds make.

An address names a filter as PARAMETERS has it, on pages, in tables and in the API alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from aiohttp import web

from forum.domain import kinds
from forum.domain.entities import SLUG_LIMIT, TAG_LIMIT, Category
from forum.domain.kinds import Kind, Values
from forum.domain.kinds.fields import Fault, Field, Several
from forum.domain.topic_lists import Sieve, Sort
from forum.errors import BadRequest, Invalid
from forum.i18n import mark
from forum.keys import TRANSLATOR
from forum.web import choices, kind_forms
from forum.web.choices import Grouped
from forum.web.forms import query_param

PARAMETERS: Final[Mapping[str, str]] = {
    each.name: {"themes": "theme", "countries": "country", "roles": "role"}.get(each.name, each.name)
    for kind in kinds.KINDS.values()
    for each in kind
    if each.name in kind.filters
}
"""What a filter is called in addresses, by the name of its field: of several codes one is asked for."""

CLOSED: Final = "closed"
"""The state that nobody writes: what an open one is past its deadline."""

_SORTS: Final[Mapping[str, Sort]] = {"activity": "activity", "created": "created", "deadline": "deadline"}
_DEADLINES: Final[Mapping[str, bool | None]] = {"open": True, "closed": False, "all": None}


def fields_of(parameter: str, of: Iterable[Kind] = tuple(kinds.KINDS.values())) -> list[Field]:
    """Return the fields of some kinds that a parameter sifts by."""
    return [each for kind in of for each in kind if each.name in kind.filters and PARAMETERS[each.name] == parameter]


def options_of(one: Field, kind: Kind) -> tuple[tuple[str, str], ...]:
    """Return the codes that a filter offers, with their labels; to the states of what closes comes that it has."""
    options: tuple[tuple[str, str], ...] = getattr(one, "options", ())
    if one.name == kinds.STATE and kind.closes:
        return (*options[:1], (CLOSED, mark("Has closed")), *options[1:])
    return options


def make(typed: Mapping[str, str], is_open: bool | None, of: Iterable[Kind]) -> Sieve:
    """Return what is asked for in the filters of some kinds; raise Invalid with the parameters at fault."""
    faults: dict[str, tuple[str, ...]] = {}
    values: Values = {}
    for parameter in sorted(set(PARAMETERS.values())):
        if not (text := typed.get(parameter, "")):
            continue
        try:
            name, value = _checked(text, [(each, kind) for kind in of for each in fields_of(parameter, [kind])])
        except Fault as fault:
            faults[parameter] = (fault.code,)
            continue
        if name == kinds.STATE and value in _DEADLINES:
            wanted = _DEADLINES[value]
            # Of what is open and closed at once there is none, as there is nothing in this state.
            value = CLOSED if is_open is (not wanted) else "open"
            is_open = wanted if is_open is None else is_open
        values[name] = value
    if typed.get("kind") and typed["kind"] not in kinds.KINDS:
        faults["kind"] = ("unknown",)
    for parameter, limit in (("tag", TAG_LIMIT), ("municipality", SLUG_LIMIT)):
        if len(typed.get(parameter, "")) > limit:
            faults[parameter] = ("too_long",)
    if faults:
        raise Invalid(faults)
    return Sieve(
        kind=typed.get("kind") or None,
        fields=values,
        tag=" ".join(typed.get("tag", "").lower().split()) or None,
        municipality=typed.get("municipality") or None,
        is_open=is_open,
    )


def _checked(text: str, candidates: list[tuple[Field, Kind]]) -> tuple[str, Any]:
    """Return the name of the field and its value by the first that takes it."""
    fault = Fault("not_expected")
    for each, kind in candidates:
        if text in dict(options_of(each, kind)):
            return each.name, [text] if isinstance(each, Several) else text
        try:
            return each.name, each.check([text] if isinstance(each, Several) else text)
        except Fault as found:
            fault = found
    raise fault


# The page ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Asked:
    """What a category's list is asked for; `kind` is the one whose filters and columns it has."""

    kind: Kind
    kinds: list[Kind]
    """Those that the category offers."""
    sort: Sort
    sieve: Sieve
    filters: Mapping[str, str]
    """What narrows the list, as the address says it."""
    query: Mapping[str, str]
    """The whole list, as the addresses of its further pages and of its table say it."""

    def order(self, sort: Sort, deadline: str = "") -> dict[str, str]:
        """Return the address of the same filters in another order."""
        kept = {
            name: value
            for name, value in self.filters.items()
            if name != "deadline" and not (name == kinds.STATE and value in _DEADLINES)
        }
        return ({} if sort == self.kind.sort else {"sort": sort}) | ({"deadline": deadline} if deadline else {}) | kept

    def without(self, parameter: str) -> dict[str, str]:
        """Return the address of the list without a filter."""
        return {name: value for name, value in self.query.items() if name != parameter}


def read(request: web.Request, category: Category) -> Asked:
    """Return what the address asks for, or raise BadRequest; what is empty in it is not asked for."""
    offered = kinds.offered(category.kinds)
    names = ("sort", "deadline", "kind", "tag", "municipality", *dict.fromkeys(PARAMETERS.values()))
    query = {name: text for name in names if (text := query_param(request, name))}
    code = query.get("kind", "")
    kind = kinds.of(code) if code else offered[0]
    sort = _SORTS.get(query.get("sort", kind.sort))
    deadline = query.get("deadline", "")
    if sort is None or (deadline and deadline not in _DEADLINES):
        raise BadRequest("bad_value")
    is_open = _DEADLINES[deadline] if deadline else None
    try:
        sieve = make(query, is_open, [kind])
    except Invalid:
        raise BadRequest("bad_value") from None
    strange = set(query) - set(parameters(kind)) - {"sort", "deadline", "kind", "tag", "municipality"}
    if strange:
        raise BadRequest("bad_value")
    if sort == "deadline" and not deadline and sieve.is_open is None:
        sieve = replace(sieve, is_open=True)
    is_order = sort == "deadline"
    filters = {name: text for name, text in query.items() if name != "sort" and not (is_order and name == "deadline")}
    return Asked(kind, offered, sort, sieve, filters, query)


def parameters(kind: Kind) -> dict[str, Field]:
    """Return the fields by which lists of a kind are sifted, by their parameters, in the order of the page."""
    return {PARAMETERS[name]: kind.field(name) for name in kind.filters}


@dataclass(frozen=True, slots=True)
class Filter:
    """An input of the form that sifts; without options it is for words."""

    name: str
    label: str
    anything: str
    options: list[tuple[str, str]] = field(default_factory=list)
    groups: Grouped = field(default_factory=list)

    def text_of(self, value: str) -> str:
        """Return what a value is called."""
        known = dict(self.options) | {slug: name for _, group in self.groups for slug, name in group}
        return known.get(value, value)


async def filters(request: web.Request, asked: Asked) -> list[Filter]:
    """Return the inputs of the form, with what they offer in the reader's language."""
    words, kind = request[TRANSLATOR], asked.kind
    if not kind.filters:
        return []
    offer = await kind_forms.offer(request, kind)
    found = []
    if len(asked.kinds) > 1:
        listed = [(each.code, words.gettext(each.plural)) for each in asked.kinds]
        found.append(Filter("kind", words.gettext(mark("Kind of topic")), words.gettext(mark("Any")), listed))
    every = words.gettext(mark("Any"))
    for parameter, one in parameters(kind).items():
        label = words.gettext(one.label)
        match one.type:
            case "themes":
                shown = Filter(parameter, words.gettext(mark("Theme")), every, offer.themes)
            case "countries":
                shown = Filter(parameter, words.gettext(mark("Open to partners from")), every, offer.countries)
            case "language":
                shown = Filter(parameter, label, every, offer.languages)
            case "organisation":
                shown = Filter(parameter, label, every, groups=offer.organisations)
            case "choice" | "choices":
                listed = [(code, words.gettext(name)) for code, name in options_of(one, kind)]
                shown = Filter(parameter, label, every, listed)
            case _:
                shown = Filter(parameter, label, "")
        found.append(shown)
    return found


@dataclass(frozen=True, slots=True)
class Chip:
    """A filter that is on, and the address of the list without it."""

    label: str
    text: str
    query: dict[str, str]


async def chips(request: web.Request, asked: Asked, offered: list[Filter]) -> list[Chip]:
    """Return the filters that are on, in words."""
    words, by_name = request[TRANSLATOR], {each.name: each for each in offered}
    found = []
    for name, value in asked.filters.items():
        if name in by_name:
            label, text = by_name[name].label, by_name[name].text_of(value)
        elif name == "tag":
            label, text = words.gettext(mark("Tag")), value
        elif name == "municipality":
            label, text = words.gettext(mark("Started by")), await _organisation(request, value)
        elif name == "deadline":
            label, text = words.gettext(mark("Deadline")), words.gettext(_PASSED[value])
        else:
            label, text = words.gettext(mark("Kind of topic")), words.gettext(asked.kind.plural)
        found.append(Chip(label, text, asked.without(name)))
    return found


_PASSED: Final = {"open": mark("still to come"), "closed": mark("past"), "all": mark("any")}


async def _organisation(request: web.Request, slug: str) -> str:
    listed = await choices.list_organisations(request)
    return dict(option for _, options in listed for option in options).get(slug, slug)
