"""Whatever a program sends, the answer is a 4xx with a reason and never a 500, and nothing is written."""

from __future__ import annotations

import gzip
import json
import zlib
from io import BytesIO
from typing import Any, Final

from forum.db import RawConnection
from tests.api.arrange import faulty, problem, start
from tests.site import Site

_TOPIC: Final = {"category": "questions", "title": "Τίτλος", "body": "Κείμενο"}
_JSON: Final = {"Content-Type": "application/json"}


def _raw(**fields: Any) -> str:
    return json.dumps({**_TOPIC, **fields})


_NOT_TAKEN: Final = (
    (b"", 400, "bad_json"),
    (b"{", 400, "bad_json"),
    (b"\xff\xfe", 400, "bad_json"),
    (b"\xef\xbb\xbf{}", 400, "bad_json"),
    (b"{'a': 1}", 400, "bad_json"),
    (json.dumps(dict.fromkeys(map(str, range(50_000)), 1)).encode(), 400, "bad_value"),
    (b"[" * 100_000, 400, "bad_json"),
    (b'{"a":' * 100_000, 400, "bad_json"),
    (b'{"internal": NaN}', 400, "bad_json"),
    (b'{"internal": -Infinity}', 400, "bad_json"),
    (b'{"internal": 1e999}', 400, "bad_json"),
    (b'{"internal": ' + b"9" * 5000 + b"}", 400, "bad_json"),
    (b'{"\\ud800": 1}', 400, "bad_json"),
    (b'{"title": "a", "title": "b"}', 400, "repeated_parameter"),
    (b'"text"', 422, "invalid"),
    (b"[]", 422, "invalid"),
    (b"null", 422, "invalid"),
    (b"7", 422, "invalid"),
    (b"{}", 422, "invalid"),
)


async def test_what_is_no_json_is_400_and_json_that_is_no_object_is_422(site: Site, owner: RawConnection) -> None:
    maria = await site.program("maria")
    for sent, status, code in _NOT_TAKEN:
        answer = await maria.post("/api/v1/topics", data=sent, headers=_JSON)
        assert problem(answer, status) == code, sent[:30]
    assert await owner.fetchval("SELECT count(*) FROM topics") == 0


_FAULTS: Final[tuple[tuple[str, object], ...]] = (
    ("title", ""),
    ("title", " \t "),
    ("title", "α" * 201),
    ("title", "a\x00b"),
    ("title", "\ud800"),
    ("title", "\u202eanapoda"),
    ("title", 7),
    ("title", None),
    ("title", ["Τίτλος"]),
    ("title", {"el": "Τίτλος"}),
    ("title", "\ufb2c" * 150),
    ("body", ""),
    ("body", "\n\n"),
    ("body", "α" * 50_001),
    ("body", "\x00"),
    ("body", "\udc00"),
    ("body", 1.5),
    ("category", 1),
    ("category", "../questions"),
    ("category", "\x00"),
    ("language", "ελ"),
    ("language", "EL"),
    ("language", 1),
    ("internal", "true"),
    ("internal", 1),
    ("internal", None),
    ("kind", "consultation"),
    ("kind", "nothing"),
    ("kind", None),
    ("kind", 10**30),
    ("author_id", 1),
    ("pinned", True),
    ("created_at", "2020-01-01T00:00:00Z"),
    ("tags", "water"),
    ("fields", []),
)


async def test_a_value_that_cannot_be_taken_is_422_and_names_its_field(site: Site, owner: RawConnection) -> None:
    maria = await site.program("maria")
    for field, value in _FAULTS:
        answer = await maria.post("/api/v1/topics", data=_raw(**{field: value}), headers=_JSON)
        assert faulty(answer) == {field}, ascii(value)[:30]
    assert await owner.fetchval("SELECT count(*) FROM topics") == 0


async def test_all_faulty_fields_are_named_at_once(site: Site) -> None:
    maria = await site.program("maria")
    answer = await maria.post("/api/v1/topics", json={"title": "", "kind": "nothing", "colour": "red"})
    assert faulty(answer) == {"category", "title", "body", "kind", "colour"}
    assert answer.json["errors"]["title"] == ["Παρακαλούμε συμπληρώστε αυτό το πεδίο."]


async def test_a_text_at_its_limit_is_taken_and_letters_are_counted_as_they_are_kept(site: Site) -> None:
    maria = await site.program("maria")
    await start(maria, title="ά" * 200, body="α" * 50_000)
    decomposed = "\u03b1\u0301" * 200
    topic = await start(maria, title=decomposed)
    assert (await maria.get(f"/api/v1/topics/{topic['id']}")).json["title"] == "ά" * 200


async def test_a_body_of_another_type_is_415(site: Site) -> None:
    maria = await site.program("maria")
    for content_type in (
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "text/json",
        "",
        "nonsense",
        "application/json; charset=iso-8859-7",
    ):
        answer = await maria.post("/api/v1/topics", data=_raw().encode(), headers={"Content-Type": content_type})
        assert problem(answer, 415) == "unsupported_media_type", content_type


async def test_a_charset_that_says_utf_8_is_taken(site: Site) -> None:
    maria = await site.program("maria")
    headers = {"Content-Type": "application/json; charset=UTF-8"}
    assert (await maria.post("/api/v1/topics", data=_raw().encode(), headers=headers)).status == 201


async def test_a_body_beyond_a_mebibyte_is_413(site: Site) -> None:
    maria = await site.program("maria")
    large = BytesIO(_raw(body="a" * 1_100_000).encode())
    assert problem(await maria.post("/api/v1/topics", data=large, headers=_JSON), 413) == "too_large"


async def test_a_packed_body_is_415_however_small(site: Site) -> None:
    maria = await site.program("maria")
    body = _raw().encode()
    for packing, packed in (("deflate", zlib.compress(body)), ("gzip", gzip.compress(body)), ("xz", body)):
        headers = {**_JSON, "Content-Encoding": packing}
        answer = await maria.post("/api/v1/topics", data=BytesIO(packed), headers=headers)
        assert problem(answer, 415) == "packed_body", packing
    plain = {**_JSON, "Content-Encoding": "identity"}
    assert (await maria.post("/api/v1/topics", data=body, headers=plain)).status == 201


async def test_an_id_that_is_none_is_400(site: Site) -> None:
    maria = await site.program("maria")
    for text in ("0", "-1", "abc", "1.0", "1e3", "%201", "%D9%A3", "9223372036854775808", "9" * 40):
        for path in ("topics", "posts", "members"):
            assert problem(await maria.get(f"/api/v1/{path}/{text}"), 400) == "bad_value", text


async def test_the_largest_id_there_can_be_is_merely_absent(site: Site) -> None:
    maria = await site.program("maria")
    for path in ("topics", "posts", "members"):
        assert problem(await maria.get(f"/api/v1/{path}/{2**63 - 1}"), 404) == "not_found"


_PARAMETERS: Final = (
    ("limit=0", 422, "limit"),
    ("limit=101", 422, "limit"),
    ("limit=-1", 422, "limit"),
    ("limit=1.0", 422, "limit"),
    ("limit=%2B5", 422, "limit"),
    ("limit=", 422, "limit"),
    ("limit=" + "9" * 100, 422, "limit"),
    ("sort=colour", 422, "sort"),
    ("municipality=%27%20or%201%3D1", 422, "municipality"),
    ("colour=red", 422, "colour"),
    ("cursor=%CE%B1", 422, "cursor"),
    ("cursor=" + "a" * 1001, 422, "cursor"),
    ("cursor=nonsense", 400, "bad_cursor"),
    ("cursor=WzFd", 400, "bad_cursor"),
    ("limit=1&limit=2", 400, "repeated_parameter"),
    ("limit=%00", 400, "bad_value"),
    ("limit=%ff", 422, "limit"),
)


async def test_a_parameter_that_cannot_be_is_refused(site: Site) -> None:
    maria = await site.program("maria")
    for query, status, reason in _PARAMETERS:
        answer = await maria.get(f"/api/v1/categories/questions/topics?{query}")
        found = faulty(answer) if status == 422 else {problem(answer, status)}
        assert found == {reason}, query


async def test_a_call_without_parameters_takes_none(site: Site) -> None:
    maria = await site.program("maria")
    assert faulty(await maria.get("/api/v1/me?verbose=1")) == {"verbose"}
    assert faulty(await maria.post("/api/v1/topics?dry_run=1", json=_TOPIC)) == {"dry_run"}


async def test_an_address_that_is_too_long_is_414(site: Site) -> None:
    maria = await site.program("maria")
    problem(await maria.get("/api/v1/search?q=" + "a" * 5000), 414)


async def test_a_key_that_is_none_is_400(site: Site) -> None:
    maria = await site.program("maria")
    for key in ("", "a" * 201, "a b", "κλειδί", "a\tb"):
        answer = await maria.post("/api/v1/topics", json=_TOPIC, headers={"Idempotency-Key": key})
        assert problem(answer, 400) == "bad_idempotency_key", key


async def test_sentences_are_in_the_members_language(site: Site) -> None:
    maria, sophie = await site.program("maria"), await site.program("sophie")
    assert (await maria.get("/api/v1/topics/1")).json["title"] == "Εδώ δεν υπάρχει τίποτα"
    assert (await sophie.get("/api/v1/topics/1")).json["title"] == "Nothing is here"
