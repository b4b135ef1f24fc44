"""The pages of profiles and twinnings, filled as `families.py` fills the others."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Final

from forum.db import RawConnection
from forum.domain.twinnings import Course, Invited
from forum.keys import DB
from tests.browser.content import LONG_WORD, UNWIELDY
from tests.browser.family import Family
from tests.domain import twinning
from tests.site import Site

_PROFILE: Final = """
INSERT INTO profiles (organisation_id, area, settings, languages, themes, website, contact, about, is_seeking,
    seeks_countries, seeks_population_from, seeks_population_to, seeks_themes, updated_by_id)
SELECT organisations.id, 107.5, $2, $3, $4, $5, $6, $7, true, $8, 10000, 90000, $9,
    (SELECT min(members.id) FROM members)
FROM organisations WHERE organisations.slug = $1
"""

_TWIN: Final = """
INSERT INTO twins (organisation_id, partner_id, town, country, since_year, state, note)
SELECT organisations.id, (SELECT partners.id FROM organisations AS partners WHERE partners.slug = $2),
    $3, $4, 1999, $5, $6
FROM organisations WHERE organisations.slug = $1
"""


async def fill(site: Site, owner: RawConnection) -> tuple[Invited, Invited, Invited, Invited]:
    """Have municipalities tell of themselves; return a twinning that was signed, and three invitations.

    Of these one waits for maria, one for an answer to her, and one was declined by nikos.
    """
    db, cast = site.app[DB], site.cast
    people: tuple[tuple[object, ...], ...] = (
        ("larnaca", ["coast"], ["el", "en"], ["water", "tourism"], "https://www.larnaka.example.org/" + "x" * 60,
         LONG_WORD[:120], UNWIELDY[:1500], ["GR", "IT", "FR"], ["water", "energy"]),
        ("mytilene", ["island", "coast"], ["el"], ["water", "culture"], "https://mytilene.example.org", "Γραφείο",
         "Νησί του Αιγαίου.", ["CY", "IT"], ["tourism", "water"]),
        ("chios", ["island"], ["el", "en", "it"], ["energy"], None, None, None, ["CY"], ["water"]),
    )  # fmt: skip
    for values in people:
        await owner.execute(_PROFILE, *values)
    for told in (
        ("larnaca", None, LONG_WORD[:100], "FR", "active", " ".join(UNWIELDY[:200].split())),
        ("larnaca", None, "Venezia", "IT", "dormant", None),
        ("chios", "paphos", None, None, "active", None),
        ("agios-dometios", "chios", None, None, "dormant", None),
        ("limassol", "paphos", None, None, "signed", None),
    ):
        await owner.execute(_TWIN, *told)
    await twinning.bring_colleagues(owner)
    made = await twinning.invite(db, owner, by=cast.maria, to="mytilene", title="Αδελφοποίηση")
    await twinning.accept(db, cast.nikos, made.twinning_id)
    day = date(2027, 3, 12)
    course = Course(
        state="signed",
        from_decision_number="12/2027",
        from_decided_on=day,
        to_decision_number=LONG_WORD[:90],
        to_decided_on=day,
        signed_on=day,
        next_event=UNWIELDY[:150].replace("\n", " "),
        next_event_at=datetime(2027, 5, 1, 9, tzinfo=UTC),
        next_event_zone="Europe/Athens",
    )
    await twinning.change(db, cast.nikos, made.twinning_id, course)
    waiting = await twinning.invite(db, owner, by=await twinning.actor(owner, "paphos"), to="larnaca")
    sent = await twinning.invite(db, owner, by=cast.maria, to="chios", message=UNWIELDY)
    declined = await twinning.invite(db, owner, to="mytilene")
    nikos = await site.visitor("nikos")
    await nikos.get("/twinnings")
    assert (await nikos.submit(f"/twinnings/{declined.twinning_id}/answer", {"answer": "decline"})).status == 303
    return made, waiting, sent, declined


async def families(site: Site, owner: RawConnection) -> tuple[Family, ...]:
    """Return every kind of page of profiles and twinnings, filled."""
    made = await fill(site, owner)
    signed, waiting, sent, declined = [one.twinning_id for one in made]
    profile, twins = "/municipalities/larnaca/profile", "/municipalities/larnaca/twins"
    return (
        Family("municipality with a profile", "/municipalities/larnaca", "nikos"),
        Family("profile", profile),
        Family("profile refused", profile, status=422, press="Save the profile", typed={"area": LONG_WORD[:40]}),
        Family("twin to add", f"{twins}/new"),
        Family("twin refused", f"{twins}/new", status=422, press="Add the twin"),
        Family("twin to change", f"{twins}/1"),
        Family("twinnings", "/twinnings"),
        Family("twinnings of a setting", "/twinnings?setting=coast", is_unfolded=True),
        Family("twinnings for an association", "/twinnings?setting=mountain", "sophie"),
        Family("network of twins", "/twinnings/network"),
        Family("invitation to a twinning", "/twinnings/new?to=chios"),
        Family("invitation to a twinning refused", "/twinnings/new", status=422, press="Send the invitation"),
        Family("twinning", f"/twinnings/{signed}"),
        Family("twinning refused", f"/twinnings/{signed}", status=422, press="Save", typed={"signed_on": ""}),
        Family("twinning that waits for an answer", f"/twinnings/{waiting}"),
        Family("twinning that waits for the others", f"/twinnings/{sent}"),
        Family("twinning that was declined", f"/twinnings/{declined}", "nikos"),
        Family("topic of a twinning", f"/topics/{made[0].topic_id}/{made[0].topic_slug}"),
        Family("topic of a twinning that was declined", f"/topics/{made[3].topic_id}/{made[3].topic_slug}", "nikos"),
    )
