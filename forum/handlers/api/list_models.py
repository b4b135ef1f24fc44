"""What programs send to list the topics of a category: an order, and the filters that the definitions of kinds make."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, create_model

from forum import territories
from forum.domain import kinds
from forum.domain.entities import TAG_LIMIT
from forum.domain.kinds.fields import SpokenLanguage
from forum.handlers.api.models import PageQuery, Slug
from forum.i18n import mark
from forum.web import sifting
from forum.web.forms import Line


class _Ordered(PageQuery):
    sort: Literal["activity", "created", "deadline"] = Field(
        "activity",
        description=mark(
            "By the last post, pinned topics first; the newest first; or of what is open what closes next first."
        ),
    )
    kind: Literal[tuple(kinds.KINDS)] | None = None  # type: ignore[valid-type]  # as many as there are kinds
    tag: Annotated[Line, Field(max_length=TAG_LIMIT)] | None = Field(None, description=mark("One of their tags."))
    municipality: Slug | None = Field(None, description=mark("Slug of the organisation whose members started them."))
    open: bool | None = Field(
        None,
        description=mark(
            "Whether their deadline is to come, or there is none; by deadline and “false”: what closed last first."
        ),
    )
    unanswered: bool = Field(
        False, description=mark("Questions without an answer alone, the newest first whatever “sort” says.")
    )


def _type(parameter: str) -> Any:
    """Return the type of a filter: one of the codes that any kind knows, a slug, or words."""
    fields = [(each, kind) for kind in kinds.KINDS.values() for each in sifting.fields_of(parameter, [kind])]
    match fields[0][0].type:
        case "choice" | "choices":
            codes = [code for each, kind in fields for code, _ in sifting.options_of(each, kind)]
        case "countries":
            codes = list(territories.countries())
        case "language":
            codes = list(SpokenLanguage.codes)
        case "themes" | "organisation":
            return Slug
        case _:
            return Annotated[Line, Field(max_length=120)]
    return Literal[tuple(dict.fromkeys(codes))]


_ABOUT: Final = {
    "theme": mark("Slug of one of their themes."),
    "country": mark("A country whose partners they are open to; one that names none is open to all."),
    "programme": mark("Words of the programme, whatever their accents and capitals."),
    "state": mark("“closed” is what is open but for its deadline, which has passed."),
}

_FILTERS: Final[dict[str, Any]] = {
    parameter: (_type(parameter) | None, Field(None, description=_ABOUT.get(parameter, "")))
    for parameter in dict.fromkeys(sifting.PARAMETERS.values())
}

TopicsQuery: Any = create_model("TopicsQuery", __base__=_Ordered, **_FILTERS)
