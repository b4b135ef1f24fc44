"""The frames between the web process and its markup workers."""

from __future__ import annotations

import io

import pytest

from forum.markup import Rendered, render
from forum.markup.inline import NOBODY, Known
from forum.markup.worker import HEADER, READY, pack, pack_request, serve, unpack_rendered, unpack_request


def _frames(stream: bytes) -> list[bytes]:
    frames = []
    while stream:
        size = int.from_bytes(stream[:HEADER], "big")
        frames.append(stream[HEADER : HEADER + size])
        stream = stream[HEADER + size :]
    return frames


def test_a_worker_says_that_it_is_ready_and_answers_every_text() -> None:
    sources = ["**α**", "", "\ud800\x00", "*a* " * 400]
    answers = io.BytesIO()
    serve(io.BytesIO(b"".join(pack_request(source, NOBODY) for source in sources)), answers, limit=10, capped=True)
    ready, *rendered = _frames(answers.getvalue())
    assert len(READY) + len(ready) == HEADER
    assert [unpack_rendered(frame) for frame in rendered] == [render(source) for source in sources]


def test_without_caps_a_dense_text_is_rendered() -> None:
    answers = io.BytesIO()
    serve(io.BytesIO(pack_request("*a* " * 400, NOBODY)), answers, limit=10, capped=False)
    assert not unpack_rendered(_frames(answers.getvalue())[1]).is_plain


@pytest.mark.parametrize("cut", [1, 3, 4, 6])
def test_a_text_cut_short_is_not_answered(cut: int) -> None:
    answers = io.BytesIO()
    serve(io.BytesIO(pack_request("**α**", NOBODY)[:cut]), answers, limit=10, capped=True)
    assert answers.getvalue() == READY


def test_what_is_no_text_is_refused() -> None:
    with pytest.raises(TypeError):
        unpack_request(b'{"source": "x"}')
    assert unpack_request(b'["\\ud800", {}, {}, []]') == ("\ud800", NOBODY)


def test_what_is_known_of_names_goes_with_the_text() -> None:
    known = Known({"Νίκος": (12, "Νίκος")}, {"smile": "🙂"})
    assert unpack_request(pack_request("@Νίκος :smile:", known)[HEADER:]) == ("@Νίκος :smile:", known)


@pytest.mark.parametrize(
    "body", [b"", b"null", b'"x"', b'{"html": "x"}', b'{"html": 1, "text": "", "is_plain": true}', b"\xff"]
)
def test_what_is_no_answer_is_refused(body: bytes) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - JSON's and UTF-8's own errors are ValueErrors too
        unpack_rendered(body)


def test_an_answer_is_read_as_it_was_written() -> None:
    rendered = Rendered(html="<p>α</p>", text="α", is_plain=False)
    frame = pack({"html": rendered.html, "text": rendered.text, "is_plain": rendered.is_plain})
    assert unpack_rendered(frame[HEADER:]) == rendered
