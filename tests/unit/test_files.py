"""Which files are taken, and what is left of them: pictures without their place, documents without programs."""

from __future__ import annotations

import asyncio
import io
import time
import zipfile
from pathlib import Path

import pytest
from PIL import Image

from forum.files import words as reading
from forum.files.kinds import ENDINGS, KINDS, PIXEL_LIMIT, Unusable, kind_of
from forum.files.looking import Looking, Taken
from forum.files.pictures import PREVIEW_SIDE
from tests import files


async def take(tmp_path: Path, name: str, content: bytes) -> Taken:
    path = tmp_path / "arrived"
    path.write_bytes(content)
    return await Looking().take(path, name)


async def refusal(tmp_path: Path, name: str, content: bytes) -> str:
    with pytest.raises(Unusable) as refused:
        await take(tmp_path, name, content)
    return refused.value.code


def test_every_ending_belongs_to_one_kind() -> None:
    assert len(set(ENDINGS)) == len(ENDINGS)
    assert {kind.content_type for kind in KINDS if not kind.starts} == {"text/csv", "text/plain"}


@pytest.mark.parametrize(
    ("name", "head", "content_type"),
    [
        ("πλατεία.JPG", b"\xff\xd8\xff\xe0", "image/jpeg"),
        ("really-a-png.jpg", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("α.pdf", b"%PDF-1.7\n", "application/pdf"),
        ("α.pdf", b"PK\x03\x04", None),
        ("α.docx", b"%PDF-1.7\n", None),
        ("α.svg", b"<svg", None),
        ("α.html", b"<html", None),
        ("α.exe", b"MZ", None),
        ("α.doc", b"\xd0\xcf\x11\xe0", None),
        ("α.zip", b"PK\x03\x04", None),
        ("png", b"\x89PNG\r\n\x1a\n", "image/png"),
        ("α", b"%PDF-", None),
        ("", b"", None),
    ],
)
def test_a_kind_is_what_name_and_content_agree_on(name: str, head: bytes, content_type: str | None) -> None:
    found = kind_of(name, head)
    assert (found.content_type if found else None) == content_type


async def test_a_photograph_loses_its_place_and_stands_upright(tmp_path: Path) -> None:
    sent = files.photograph((60, 40))
    assert files.PLACE_MARK in sent
    taken = await take(tmp_path, "IMG_0001.jpg", sent)
    kept = taken.path.read_bytes()
    assert files.PLACE_MARK not in kept
    with Image.open(io.BytesIO(kept)) as opened:
        assert (opened.format, opened.size) == ("JPEG", (40, 60))
        assert not opened.getexif()
        assert "comment" not in opened.info
    assert taken.content_type == "image/jpeg"
    assert taken.preview is None


@pytest.mark.parametrize(("kind", "kept"), [("PNG", "PNG"), ("JPEG", "JPEG"), ("WEBP", "WEBP"), ("GIF", "PNG")])
@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
async def test_pictures_of_every_kind_are_written_anew(tmp_path: Path, kind: str, kept: str, mode: str) -> None:
    if (kind, mode) == ("JPEG", "RGBA"):
        mode = "CMYK"
        content = io.BytesIO()
        Image.new("CMYK", (40, 30)).save(content, "JPEG")
        sent = content.getvalue()
    else:
        sent = files.picture(kind, mode=mode)
    hidden = b"<script>alert(1)</script>"
    taken = await take(tmp_path, f"α.{kind.lower()}", sent + hidden)
    assert hidden not in taken.path.read_bytes()
    with Image.open(taken.path) as opened:
        assert (opened.format, opened.size) == (kept, (40, 30))
        if mode == "RGBA":
            assert opened.convert("RGBA").getpixel((35, 5))[3] == 0  # type: ignore[index]


async def test_a_large_picture_gets_a_preview(tmp_path: Path) -> None:
    taken = await take(tmp_path, "α.png", files.picture(size=(3000, 1500)))
    assert taken.preview is not None
    with Image.open(taken.preview) as opened:
        assert (opened.format, opened.size) == ("WEBP", (PREVIEW_SIDE, PREVIEW_SIDE // 2))
    with Image.open(taken.path) as opened:
        assert opened.size == (3000, 1500)


async def test_of_what_moves_one_frame_is_left(tmp_path: Path) -> None:
    frames = [Image.new("RGB", (20, 20), colour) for colour in ("red", "green", "blue")]
    out = io.BytesIO()
    frames[0].save(out, "GIF", save_all=True, append_images=frames[1:], duration=100)
    taken = await take(tmp_path, "α.gif", out.getvalue())
    with Image.open(taken.path) as opened:
        assert getattr(opened, "n_frames", 1) == 1


async def test_a_picture_of_too_many_pixels_is_refused_before_anything_is_decoded(tmp_path: Path) -> None:
    assert PIXEL_LIMIT < 50_000 * 50_000
    began = time.monotonic()
    assert await refusal(tmp_path, "α.png", files.huge_picture()) == "too_many_pixels"
    assert time.monotonic() - began < 5  # no process is even started; measured: a millisecond


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("α.png", b"\x89PNG\r\n\x1a\n" + b"x" * 100, "broken_file"),
        ("α.png", files.picture()[:60], "broken_file"),
        ("α.jpg", b"\xff\xd8\xff" + b"\x00" * 50, "broken_file"),
        ("α.gif", b"GIF89a;alert(1)//", "too_many_pixels"),
        ("α.gif", b"GIF89a\x10\x00\x10\x00;alert(1)//", "broken_file"),
        ("α.webp", b"RIFF\x00\x00\x00\x00WAVEfmt ", "broken_file"),
        ("α.docx", files.docx()[:200], "broken_file"),
        ("α.docx", files.package({"readme.txt": "x"}), "broken_file"),
        ("α.docx", files.odt(), "broken_file"),
        ("α.odt", files.docx(), "broken_file"),
        ("α.xlsx", files.docx(), "wrong_kind"),
        ("α.ods", files.odt(), "wrong_kind"),
        ("α.docx", files.docx(more={"word/vbaProject.bin": b""}), "has_macros"),
        ("α.txt", b"abc\x00def", "wrong_kind"),
        ("α.csv", b"\x7fELF\x02", "wrong_kind"),
        ("α.svg", b"<svg/>", "wrong_kind"),
    ],
)
async def test_what_is_not_what_it_says_is_refused(tmp_path: Path, name: str, content: bytes, code: str) -> None:
    assert await refusal(tmp_path, name, content) == code


@pytest.mark.parametrize("encoding", ["utf-8", "cp1253", "ascii"])
async def test_text_is_taken_as_it_is(tmp_path: Path, encoding: str) -> None:
    sent = ("plain text" if encoding == "ascii" else "Δήμος;Πληθυσμός").encode(encoding)
    taken = await take(tmp_path, "α.csv", sent)
    assert (taken.path.read_bytes(), taken.content_type) == (sent, "text/csv")


async def test_a_package_of_too_many_parts_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO(files.docx())
    with zipfile.ZipFile(out, "a") as archive:
        for number in range(10_001):
            archive.writestr(f"part{number}", "")
    assert await refusal(tmp_path, "α.docx", out.getvalue()) == "too_many_parts"


async def test_a_child_that_takes_too_long_is_ended(tmp_path: Path) -> None:
    path = tmp_path / "arrived"
    path.write_bytes(files.docx())
    with pytest.raises(Unusable) as refused:
        await Looking(seconds=0).take(path, "α.docx")
    assert refused.value.code == "broken_file"


# Words --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("α.pdf", files.pdf(), "Regeneration of the old harbour"),
        ("α.docx", files.docx(), "Ανάπλαση του παλιού λιμανιού Τέλος"),
        ("α.odt", files.odt(), "Οδηγός διαβούλευσης"),
    ],
)
async def test_the_words_of_documents_are_read(tmp_path: Path, name: str, content: bytes, text: str) -> None:
    taken = await take(tmp_path, name, content)
    assert await Looking().words(taken.path, taken.content_type) == text


def words(tmp_path: Path, content: bytes, ending: str = "docx") -> str:
    path = tmp_path / "file"
    path.write_bytes(content)
    found = next(kind for kind in KINDS if ending in kind.endings)
    return reading.words(path, found.content_type)


def test_a_text_that_unfolds_without_end_is_cut(tmp_path: Path) -> None:
    sent = files.bomb(40)
    assert len(sent) < 1_000_000
    assert reading.TEXT_LIMIT - 2 <= len(words(tmp_path, sent)) <= reading.TEXT_LIMIT


def test_entities_are_not_unfolded(tmp_path: Path) -> None:
    body = '<!DOCTYPE x [<!ENTITY a "κακό"><!ENTITY b "&a;&a;&a;">]><w:document>&b;</w:document>'
    assert "κακό" not in words(tmp_path, files.package({"word/document.xml": body}))


@pytest.mark.parametrize("ending", ["pdf", "docx", "odt"])
def test_what_cannot_be_read_has_no_words(tmp_path: Path, ending: str) -> None:
    assert words(tmp_path, b"%PDF-1.4 nothing" if ending == "pdf" else files.package({"x": "y"}), ending) == ""


async def test_files_take_turns(tmp_path: Path) -> None:
    looking = Looking(at_once=1)
    paths = []
    for number in range(3):
        path = tmp_path / f"file{number}"
        path.write_bytes(files.picture())
        paths.append(path)
    taken = await asyncio.gather(*(looking.take(path, "α.png") for path in paths))
    assert {one.content_type for one in taken} == {"image/png"}
