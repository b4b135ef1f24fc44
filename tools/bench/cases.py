"""What is measured: pages, calls and replies, as requests of the members of a scene, with what they are held to."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

from tools.bench import scene as scenes
from tools.bench.client import KEY, Asked
from tools.bench.load import Plan
from tools.bench.scene import READERS, VISITORS, Reader, Scene

WORDS: Final = (
    "σχολεία", "ύδρευση", "απορρίμματα", "χρηματοδότηση", "δημοτικό συμβούλιο", "φωτοβολταϊκά", "phishing", "schools",
)  # fmt: skip
"""What is searched for, one after the other: of many and of few posts, in both languages, one and two words."""

REPLY: Final = (
    "Ευχαριστούμε για την αναλυτική ενημέρωση. Στον δήμο μας δοκιμάσαμε κάτι παρόμοιο πέρσι, με προϋπολογισμό "
    "18.500 ευρώ, και η προμήθεια ολοκληρώθηκε σε τέσσερις μήνες.\n\n"
    "Δύο σημεία θα θέλαμε να διευκρινιστούν: **ποιος** αναλαμβάνει τη συντήρηση μετά το πρώτο έτος, και αν υπάρχει "
    "υπόδειγμα σύμβασης που μπορούμε να προσαρμόσουμε. Θα στείλουμε και εμείς τα στοιχεία μας ως την Παρασκευή."
)

SEE_OTHER: Final = 303
"""What a form is answered with."""

PAGE_RATIO: Final = 0.35
LIST_RATIO: Final = 0.3
SEARCH_RATIO: Final = 0.1
PAGE_MILLISECONDS: Final = 0.9


@dataclass(frozen=True, slots=True)
class Case:
    """One line of the table.

    `ratio` is the least share of the bare handler's requests a second that is wanted, `milliseconds` the most of the
    application's processor a request. Where there is `renew`, everything is asked for once, and made new before each
    round by that.
    """

    name: str
    label: str
    plan: Callable[[Scene], Plan]
    ratio: float | None = None
    milliseconds: float | None = None
    is_write: bool = False
    renew: Callable[[str, Scene], Coroutine[Any, Any, None]] | None = None
    connections: tuple[int, ...] | None = None
    with_streams: bool = False
    """With an event stream open for each of the scene's listeners."""
    is_of_proposals: bool = False
    """Asked for where there are a hundred thousand proposals, and nowhere else."""


def _page(reader: Reader, path: str) -> Asked:
    return Asked(_get(path, f"Cookie: koinon_session={reader.session}"), False, 200, None)


def _call(reader: Reader, path: str) -> Asked:
    return Asked(_get(path, f"Authorization: Bearer {reader.token}"), False, 200, None)


def _get(path: str, credentials: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n{credentials}\r\n\r\n".encode()


def _reply(reader: Reader, topic_id: int) -> Asked:
    """Return a reply with a key of its own each time."""
    fields = {"csrf_token": reader.form_token, "body": REPLY, "act": "publish", "idempotency_key": KEY.decode()}
    form = urlencode(fields).encode()
    head = (
        f"POST /topics/{topic_id}/posts HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n"
        f"Cookie: koinon_session={reader.session}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        f"Content-Length: {len(form)}\r\n\r\n"
    )
    return Asked(head.encode() + form, True, SEE_OTHER, None)


def one_reply(scene: Scene) -> Plan:
    """Return a reply in the topic that the listeners hear of."""
    return [[_reply(scene.readers[0], scene.own_topics[0])]]


def stream(reader: Reader, topic_id: int) -> bytes:
    """Return the request for a member's event stream of a topic."""
    return _get(f"/events?topic={topic_id}", f"Cookie: koinon_session={reader.session}")


def bare_plan(plan: Plan, lengths: list[list[int]]) -> Plan:
    """Return what the bare handler is asked for beside a plan whose answers have these lengths."""
    return [
        [
            Asked(asked.sent.replace(_path(asked), b"/", 1), True, SEE_OTHER, None)
            if asked.status == SEE_OTHER
            else Asked(asked.sent.replace(_path(asked), b"/%d" % length, 1), False, 200, length)
            for asked, length in zip(requests, of_lengths, strict=True)
        ]
        for requests, of_lengths in zip(plan, lengths, strict=True)
    ]


def _path(asked: Asked) -> bytes:
    return asked.sent.split(b" ", 2)[1]


def _everybody(make: Callable[[Reader], list[Asked]]) -> Callable[[Scene], Plan]:
    return lambda scene: [make(reader) for reader in scene.readers]


def _list(name: str, label: str, query: str) -> tuple[Case, Case]:
    """Return a list of proposals on the page, which is kept, and in the API, where it is found anew each time."""
    path, asked = f"/categories/proposals{query}", query.replace("?", "&")
    return (
        Case(name, label, _everybody(lambda reader: [_page(reader, path)]), LIST_RATIO, is_of_proposals=True),
        Case(
            f"api-{name}",
            f"API: {label}",
            _everybody(lambda reader: [_call(reader, f"/api/v1{path.partition('?')[0]}/topics?sort=deadline{asked}")]),
            is_of_proposals=True,
        ),
    )


def _turned(items: list[str], by: int) -> list[str]:
    by %= len(items)
    return items[by:] + items[:by]


CASES: Final = (
    Case("home", "home", _everybody(lambda reader: [_page(reader, "/")]), LIST_RATIO),
    Case(
        "home-new",
        "home, of many members once each",
        lambda scene: [
            [_page(reader, "/") for reader in scene.visitors[number * VISITORS : (number + 1) * VISITORS]]
            for number in range(READERS)
        ],
        renew=scenes.touch_visitors,
    ),
    Case(
        "category",
        "category",
        lambda scene: [[_page(reader, f"/categories/{scene.category}")] for reader in scene.readers],
        LIST_RATIO,
    ),
    Case(
        "topic-first",
        "topic of 10,000 posts, first page",
        lambda scene: [[_page(reader, scene.giant)] for reader in scene.readers],
        PAGE_RATIO,
        PAGE_MILLISECONDS,
    ),
    Case(
        "topic-streams",
        "the same, with 500 event streams open",
        lambda scene: [[_page(reader, scene.giant)] for reader in scene.readers],
        PAGE_RATIO,
        PAGE_MILLISECONDS,
        with_streams=True,
    ),
    Case(
        "topic-last",
        "topic of 10,000 posts, last page",
        lambda scene: [[_page(reader, f"{scene.giant}?page={scene.giant_pages}")] for reader in scene.readers],
        PAGE_RATIO,
        PAGE_MILLISECONDS,
    ),
    Case(
        "topic-unread",
        "topics not read before, each once",
        lambda scene: [
            [_page(reader, path) for path in _turned(scene.unread, 37 * number)]
            for number, reader in enumerate(scene.newcomers)
        ],
        renew=scenes.make_unread,
    ),
    Case(
        "member",
        "member",
        lambda scene: [[_page(reader, f"/members/{scene.member_id}")] for reader in scene.readers],
    ),
    Case(
        "search",
        "search, the same words again",
        lambda scene: [
            [_page(reader, f"/search?q={quote_plus(words)}") for words in _turned(list(WORDS), number)]
            for number, reader in enumerate(scene.readers)
        ],
        SEARCH_RATIO,
    ),
    Case(
        "search-new",
        "search, never asked for before",
        lambda scene: [
            [
                replace(_page(reader, f"/search?q={quote_plus(words)}+-{KEY.decode()}"), is_keyed=True)
                for words in _turned(list(WORDS), number)
            ]
            for number, reader in enumerate(scene.readers)
        ],
        SEARCH_RATIO,
    ),
    Case(
        "api-topic",
        "API: topic",
        lambda scene: [[_call(reader, f"/api/v1/topics/{scene.giant_id}")] for reader in scene.readers],
    ),
    Case(
        "api-posts",
        "API: posts of the topic",
        lambda scene: [[_call(reader, f"/api/v1/topics/{scene.giant_id}/posts")] for reader in scene.readers],
    ),
    Case(
        "reply",
        "reply, each in another topic",
        lambda scene: [[_reply(reader, id)] for reader, id in zip(scene.readers, scene.own_topics, strict=True)],
        LIST_RATIO,
        is_write=True,
    ),
    Case(
        "reply-one-topic",
        "reply, all in one topic",
        lambda scene: [[_reply(reader, scene.own_topics[0])] for reader in scene.readers],
        is_write=True,
        connections=(16,),
    ),
    *_list("deadline", "proposals, what closes next", ""),
    *_list("deadline-frequent", "the same of a theme of most", "?theme=energy"),
    *_list("deadline-rare", "the same of a theme of one in a thousand", "?theme=administration"),
)
