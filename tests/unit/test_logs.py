"""The log: a line an event whatever is in it, and whatever becomes of the place it is written to."""

from __future__ import annotations

import contextlib
import fcntl
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from forum import logs

ROOT: Final = Path(__file__).parents[2]

HOSTILE: Final = (
    "two\r\nlines",
    "ESC \x1b[2J and DEL \x7f and NEL \x85",
    "separators \u2028 and \u2029",
    "turned \u202e round \u2066 about \u200f",
    'quotes " and \\ back',
    "half \ud83d a letter",
    "NUL \x00",
    "Ψηφοφορία 👍",
)

_SAY: Final = """
import logging, sys, warnings
from forum import logs
logs.configure(sys.argv[1])
log = logging.getLogger("forum.test")
for text in {texts!r}:
    log.info("said %s", text)
logs.REQUEST_ID.set("0d3f")
try:
    int("x\\n{{forged}}")
except ValueError:
    log.exception("failed")
log.info("%d", "no number")
warnings.warn("is old", stacklevel=1)
logs.write_access("0d3f", "GET", "topics.show", 200, 12.345)
raise RuntimeError("nobody\\ncatches this")
"""


def _said(style: str) -> list[str]:
    done = subprocess.run(
        [sys.executable, "-c", _SAY.format(texts=HOSTILE), style],
        cwd=ROOT,
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    assert done.stdout == b""
    text = done.stderr.decode()
    assert text.endswith("\n")
    lines = text[:-1].split("\n")
    assert text.splitlines() == lines, "nothing else in it ends a line"
    return lines


def test_every_event_is_one_json_object_on_one_line() -> None:
    lines = [json.loads(line) for line in _said("json")]
    assert [line["message"] for line in lines[: len(HOSTILE)]] == [f"said {text}" for text in HOSTILE]
    failed, unwritable, warned, answered, uncaught = lines[len(HOSTILE) :]
    assert (failed["level"], failed["logger"], failed["request_id"]) == ("ERROR", "forum.test", "0d3f")
    assert "{forged}" in failed["exception"]
    assert "cannot be written" in unwritable["message"]
    assert "is old" in warned["message"]
    assert answered == {
        "at": answered["at"], "level": "INFO", "logger": "forum.access", "request_id": "0d3f",
        "message": "GET topics.show 200 12.3 ms", "method": "GET", "route": "topics.show", "status": 200,
        "milliseconds": 12.3,
    }  # fmt: skip
    assert uncaught["level"] == "CRITICAL"
    assert "nobody\ncatches this" in uncaught["exception"]
    assert all(line["at"].endswith("+00:00") for line in lines)


def test_text_says_the_same_and_hides_nothing() -> None:
    lines = _said("text")
    assert len(lines) == len(HOSTILE) + 5
    assert not any(ord(letter) in logs._UNSAFE for line in lines for letter in line)
    assert lines[0].endswith(r"INFO forum.test - said two\x0d\x0alines")
    assert lines[2].endswith(r"said separators \u2028 and \u2029")
    assert lines[len(HOSTILE) + 3].endswith("INFO forum.access 0d3f GET topics.show 200 12.3 ms")


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    """A pipe that holds a page."""
    reading, writing = os.pipe()
    fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
    yield reading, writing
    for descriptor in (reading, writing):
        with contextlib.suppress(OSError):
            os.close(descriptor)


def test_a_reader_that_stops_costs_lines_and_nothing_else(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    sink = logs.Sink(writing)
    for number in range(100):
        sink.write(f"{number:02} " + "x" * 97)
    assert sink.lost >= 59, "it would have waited for ever"
    first = os.read(reading, 65536)
    assert first.splitlines()[0].startswith(b"00 ")
    sink.write("after")
    after = os.read(reading, 65536).decode().splitlines()
    assert f"{sink.lost} lines of the log were lost" in after[0]
    assert after[1:] == ["after"]
    assert os.get_blocking(writing), "others share the descriptor"


def test_a_reader_that_has_gone_costs_lines_and_nothing_else(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    sink = logs.Sink(writing)
    os.close(reading)
    sink.write("nobody reads")
    assert sink.lost == 1


def test_a_full_disk_costs_lines_and_nothing_else() -> None:
    with open("/dev/full", "wb") as full:
        sink = logs.Sink(full.fileno())
        sink.write("nowhere to go")
        sink.write("nor here")
    assert sink.lost == 2


def test_a_file_is_written_to_where_others_go_on(tmp_path: Path) -> None:
    path = tmp_path / "log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT)
    os.write(descriptor, b"begun\n")
    logs.Sink(descriptor).write("ours")
    os.write(descriptor, b"theirs\n")
    os.close(descriptor)
    assert path.read_text() == "begun\nours\ntheirs\n"


def test_a_line_that_was_cut_off_does_not_swallow_the_next(pipe: tuple[int, int]) -> None:
    reading, writing = pipe
    sink = logs.Sink(writing)
    sink.write("long " + "y" * 10_000)
    assert sink.lost == 1
    os.read(reading, 65536)
    sink.write("next")
    assert os.read(reading, 65536).decode().splitlines()[-1] == "next"


def test_nothing_is_written_before_the_log_is_set_up(capfd: pytest.CaptureFixture[str]) -> None:
    assert logs._sink is None
    logs.write("INFO", "forum.test", "said")
    logs.write_access("", "GET", "health.live", 200, 1.0)
    assert capfd.readouterr() == ("", "")
    assert logging.getLogger().handlers is not None
