"""Members from a file: what it would do is seen first; then they are members, and a letter asks for a password."""

from __future__ import annotations

import re

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from forum.db import RawConnection
from forum.domain.entities import Language
from forum.web import member_sheets
from tests.site import Site
from tests.web.importing import GOOD, HEAD, MEMBERS_PATH, send, table
from tests.web.inviting import PASSWORD, letters


async def _members(owner: RawConnection) -> list[tuple[object, ...]]:
    rows = await owner.fetch(
        "SELECT id, email, name, organisation_id, language, password_hash FROM members ORDER BY id"
    )
    return [tuple(row) for row in rows]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp1253"])
async def test_a_file_is_looked_at_first_and_then_done(site: Site, owner: RawConnection, encoding: str) -> None:
    administrator = await site.visitor("administrator")
    before = await _members(owner)
    sent = await send(administrator, GOOD.encode(encoding))
    assert sent.status == 303, sent.text
    page = await administrator.follow(sent)
    assert "Μέλη.csv" in page.text
    assert "petros@larnaca.example" in page.text
    assert "Δήμος Μυτιλήνης" in page.text
    assert await _members(owner) == before, "looking changes nothing"
    done = await administrator.submit(sent.location)
    assert (done.status, done.location) == (303, sent.location)
    assert [(row[1], row[2], row[4]) for row in (await _members(owner))[len(before) :]] == [
        ("eleni@mytilene.example", "Ελένη Αργυρού", "el"),
        ("petros@larnaca.example", "Πέτρος Λουκά", "en"),
    ]
    staff = await owner.fetchval(
        "SELECT members.email FROM group_members JOIN groups ON groups.id = group_id "
        "JOIN members ON members.id = member_id WHERE groups.slug = 'moderators' AND members.email LIKE 'petros@%'"
    )
    assert staff == "petros@larnaca.example"
    entries = await owner.fetch("SELECT actor_id FROM audit_entries WHERE act = 'member.imported'")
    assert [entry["actor_id"] for entry in entries] == [site.cast.administrator.member_id] * 2


async def test_a_line_of_a_merged_municipality_names_the_one_it_passed_on_to(site: Site, owner: RawConnection) -> None:
    await owner.execute(
        "UPDATE organisations SET closed_at = now(), merged_into_id = into_.id "
        "FROM organisations AS into_ WHERE organisations.slug = 'limassol' AND into_.slug = 'paphos'"
    )
    administrator = await site.visitor("administrator")
    page = await administrator.follow(await send(administrator, table("Άννα;anna@limassol.example;Δήμος Λεμεσού")))
    assert "Αυτός ο φορέας δεν δέχεται πια νέα μέλη" in page.text
    assert "Μήπως εννοείτε «paphos»;" in page.text


async def test_who_was_imported_chooses_a_password_reads_the_terms_and_is_in(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    sent = await send(administrator, GOOD.encode())
    await administrator.submit(sent.location)
    written = dict(await letters(site))
    assert set(written) == {"Ελένη Αργυρού <eleni@mytilene.example>", "Πέτρος Λουκά <petros@larnaca.example>"}
    assert site.cast.administrator.name in written["Ελένη Αργυρού <eleni@mytilene.example>"]
    link = re.search(r"/password/[0-9]+-[\w-]{43}", written["Ελένη Αργυρού <eleni@mytilene.example>"])
    assert link
    guest = await site.visitor()
    page = await guest.get(link[0])
    assert "eleni@mytilene.example" in page.text
    assert (await guest.submit(link[0], {"password": PASSWORD, "password_repeat": PASSWORD})).status == 303
    assert await owner.fetchval("SELECT count(*) FROM mails WHERE kind = 'password_changed'") == 0, (
        "nothing has changed"
    )
    fresh = await site.visitor()
    await fresh.get("/login")
    signed_in = await fresh.submit("/login", {"email": "eleni@mytilene.example", "password": PASSWORD})
    assert signed_in.status == 303
    assert "/terms/accept" in (await fresh.get("/")).location
    assert (await guest.get(link[0])).status == 404, "the link works once"


async def test_the_first_link_is_good_for_days(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    await administrator.submit((await send(administrator, GOOD.encode())).location)
    await letters(site)
    days = await owner.fetchval("SELECT min(extract(epoch FROM expires_at - now())) / 86400 FROM password_resets")
    assert 13.9 < float(days) < 14.1


async def test_the_same_file_twice_changes_nothing(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    first = await send(administrator, GOOD.encode())
    await administrator.submit(first.location)
    before = await _members(owner), await owner.fetchval("SELECT count(*) FROM mails")
    for path in (first.location, (await send(administrator, GOOD.encode())).location):
        assert (await administrator.submit(path)).status == 303
    assert (await _members(owner), await owner.fetchval("SELECT count(*) FROM mails")) == before


async def test_every_faulty_line_is_told_with_its_place_and_the_good_ones_go_ahead(
    site: Site, owner: RawConnection
) -> None:
    administrator = await site.visitor("administrator")
    content = table(
        "Ελένη Αργυρού;eleni@mytilene.example;Μυτιλήνη",
        ";nobody@mytilene.example;mytilene",
        "Άννα;no address;mytilene;βασιλιάς;Κλίνγκον;γείτονες",
        "=HYPERLINK(1);formula@mytilene.example;mytilene",
        "Πέτρος;petros@larnaca.example;Municipality of Larnaca",
        "Πέτρος;PETROS@larnaca.example;larnaca",
        "Άννα;anna@larnaca.example;larnaka;;;γείτονες",
    )
    sent = await send(administrator, content)
    page = await administrator.follow(sent)
    row = r'<th scope="row"><span>(\d+)</span></th>\s*<td[^>]*>([^<]*)</td>\s*<td[^>]*>([^<]*)</td>'
    told = {(int(line), value) for line, _, value in re.findall(row, page.text)}
    assert told == {
        (3, "—"),
        (4, "no address"),
        (4, "βασιλιάς"),
        (4, "Κλίνγκον"),
        (5, "=HYPERLINK(1)"),
        (7, "petros@larnaca.example"),
        (8, "larnaka"),
        (8, "γείτονες"),
        (2, "Μυτιλήνη"),
    }
    assert "«larnaca»" in page.text, "what may have been meant"
    await administrator.submit(sent.location)
    wanted = ["petros@larnaca.example", "anna@larnaca.example", "formula@mytilene.example"]
    made = await owner.fetch("SELECT email FROM members WHERE email = ANY ($1::text[])", wanted)
    assert [row["email"] for row in made] == ["petros@larnaca.example"]


async def test_reasons_are_told_in_the_readers_language(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    content = table("Άννα;anna@larnaca.example;Ατλαντίδα")
    assert "που να λέγεται έτσι" in (await administrator.follow(await send(administrator, content))).text
    await owner.execute("UPDATE members SET language = 'en'")
    assert "is called so" in (await administrator.follow(await send(administrator, content))).text


async def test_of_members_it_is_told_what_differs_and_nothing_is_changed(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    before = await _members(owner)
    sent = await send(administrator, table("Μαρία Άλλη;maria@larnaca.example;Δήμος Μυτιλήνης;Διαχειρίστρια"))
    page = await administrator.follow(sent)
    for value in ("Μαρία Άλλη", "Δήμος Μυτιλήνης", "administrator"):
        assert value in page.text
    await administrator.submit(sent.location)
    assert await _members(owner) == before


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "συμπληρώστε"),
        (b"", "γραμμές"),
        (HEAD.encode(), "γραμμές"),
        (b"PK\x03\x04\x00\x00", "CSV"),
        ("Όνομα;Τηλέφωνο\r\nΆννα;210\r\n".encode(), "λείπουν οι στήλες: "),
    ],
    ids=["none", "empty", "head alone", "xlsx", "other columns"],
)
async def test_what_is_no_such_table_is_refused_with_a_word(
    site: Site, owner: RawConnection, content: bytes | None, said: str
) -> None:
    answer = await send(await site.visitor("administrator"), content)
    assert answer.status == 422
    assert said in answer.text
    assert await owner.fetchval("SELECT count(*) FROM imports") == 0


async def test_a_file_beyond_the_limit_is_refused(site: Site) -> None:
    assert (await send(await site.visitor("administrator"), b"x" * 1_100_000)).status == 413


async def test_a_file_is_its_senders_alone_and_can_be_forgotten(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    sent = await send(administrator, GOOD.encode())
    await owner.execute(
        "INSERT INTO group_members (group_id, member_id) SELECT id, $1 FROM groups WHERE slug = 'administrators'",
        site.cast.maria.member_id,
    )
    other = await site.visitor("maria")
    assert (await other.get(MEMBERS_PATH)).status == 200, "the premise: she administers too"
    assert (await other.get(sent.location)).status == 404
    assert (await other.submit(sent.location)).status == 404
    assert (await other.submit(f"{sent.location}/delete")).status == 404
    assert (await administrator.submit(f"{sent.location}/delete")).status == 303
    assert (await administrator.get(sent.location)).status == 404


async def test_a_form_with_a_file_needs_its_token_and_its_own_site(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    assert (await send(administrator, GOOD.encode(), token="")).status == 403
    await administrator.get(MEMBERS_PATH)
    form = f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{administrator.token}\r\n--x--\r\n'
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    foreign = {**headers, "Sec-Fetch-Site": "cross-site"}
    assert (await administrator.request("POST", MEMBERS_PATH, data=form, headers=foreign)).status == 403
    assert (await administrator.request("POST", MEMBERS_PATH, data=form, headers=headers)).status == 422, "the premise"
    assert await owner.fetchval("SELECT count(*) FROM imports") == 0


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x",
        b"--x\r\nbroken",
        b"--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="_charset_"\r\n\r\n' + b"a" * 40 + b"\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n\xff\xfe\r\n--x--\r\n',
        b"--x\r\nContent-Disposition: form-data\r\nContent-Type: multipart/mixed; boundary=y\r\n\r\n--y--\r\n--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 30 + b"--x--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="a"\r\nContent-Transfer-Encoding: base64\r\n\r\n=\r\n--x--\r\n',
    ],
)
async def test_what_is_no_form_is_refused_and_breaks_nothing(site: Site, body: bytes) -> None:
    administrator = await site.visitor("administrator")
    await administrator.get(MEMBERS_PATH)
    headers = {"Content-Type": "multipart/form-data; boundary=x", "X-CSRF-Token": administrator.token}
    answer = await administrator.request("POST", MEMBERS_PATH, data=body, headers=headers)
    assert answer.status in {400, 422}


async def test_a_script_has_it_done_in_pieces(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    content = table(*(f"Μέλος {n};m{n}@larnaca.example;larnaca" for n in range(1201)))
    sent = await send(administrator, content)
    await administrator.follow(sent)
    left: list[int] = []
    while not left or left[-1]:
        answer = await administrator.submit(sent.location, headers={"Accept": "application/json"})
        left.append(answer.json["left"])
    assert left == [701, 201, 0]
    assert await owner.fetchval("SELECT count(*) FROM members WHERE email LIKE 'm%@larnaca.example'") == 1201 + 1
    assert await owner.fetchval("SELECT made_count FROM imports") == 1201


_LANGUAGE: Language = "el"


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.one_of(st.binary(max_size=400), st.text(max_size=200).map(lambda text: (HEAD + text).encode(errors="replace")))
)
def test_any_bytes_give_people_or_faults(content: bytes) -> None:
    people, faults = member_sheets.read(content, language=_LANGUAGE)
    assert people or faults


async def test_a_large_file_is_read_whole(site: Site, owner: RawConnection) -> None:
    administrator = await site.visitor("administrator")
    # A column that is not known is left out: it makes the file large and costs nothing else.
    head = HEAD.replace("\r\n", ";Σημείωση\r\n")
    rows = "".join(f"Μέλος {n};m{n}@larnaca.example;larnaca;;;;{'α' * 450}\r\n" for n in range(1000))
    content = (head + rows).encode()
    assert 900_000 < len(content) < 1_000_000, "near the limit of a form that brings a file"
    sent = await send(administrator, content)
    assert sent.status == 303, sent.text
    assert await owner.fetchval("SELECT length(content) FROM imports") == len(content)
