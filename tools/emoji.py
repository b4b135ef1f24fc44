"""Write `forum/data/emoji.json`: the emoji a text may name in Greek or English, from npm's Unicode data.

    .venv/bin/python tools/emoji.py

Needs npm, for `npm pack` alone. Names and search words are those of the Unicode CLDR (`cldr-annotations-full`), order
and spelling of the emoji those of `unicode-emoji-json`; the licences stand in `forum/data/emoji.LICENSE`. The short
names people type are ours.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path
from typing import Any, Final

from forum.i18n import fold

ROOT: Final = Path(__file__).resolve().parents[1]
TARGET: Final = ROOT / "forum" / "data" / "emoji.json"
LICENCE: Final = TARGET.with_suffix(".LICENSE")

NAMES: Final = "cldr-annotations-full@48.2.0"
ORDER: Final = "unicode-emoji-json@0.9.0"

NEWEST: Final = 14.0
"""The version of emoji that the fonts of offices have; what is newer shows as an empty box."""

_VARIANTS: Final = re.compile("[\u2640\u2642\U0001f3fb-\U0001f3ff]")
"""Signs of gender and skin: a text that wants one holds the character itself."""

SHORT: Final[dict[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "🙂": (("χαμόγελο",), ("smile",)),
    "😀": (("γέλιο",), ("grin",)),
    "😂": (("δάκρυα_χαράς",), ("joy",)),
    "😉": (("κλείσιμο_ματιού",), ("wink",)),
    "😍": (("ερωτευμένος",), ("heart_eyes",)),
    "🤔": (("σκέψη",), ("thinking",)),
    "😐": (("ουδέτερο",), ("neutral",)),
    "🙁": (("λύπη",), ("frown",)),
    "😢": (("κλάμα",), ("cry",)),
    "😠": (("θυμός",), ("angry",)),
    "😮": (("έκπληξη",), ("open_mouth", "wow")),
    "😅": (("αμηχανία",), ("sweat_smile",)),
    "👍": (("μπράβο", "συμφωνώ"), ("+1", "thumbsup")),
    "👎": (("διαφωνώ",), ("-1", "thumbsdown")),
    "👏": (("χειροκρότημα",), ("clap",)),
    "🙏": (("ευχαριστώ", "παρακαλώ"), ("pray", "thanks")),
    "👋": (("γεια",), ("wave", "hello")),
    "🤝": (("χειραψία",), ("handshake",)),
    "💪": (("δύναμη",), ("muscle",)),
    "👌": (("εντάξει",), ("ok_hand",)),
    "👀": (("μάτια",), ("eyes",)),
    "❤️": (("καρδιά",), ("heart",)),
    "🎉": (("γιορτή",), ("tada", "party")),
    "🔥": (("φωτιά",), ("fire",)),
    "⭐": (("αστέρι",), ("star",)),
    "💡": (("ιδέα",), ("bulb", "idea")),
    "✅": (("έγινε",), ("done", "white_check_mark")),
    "❌": (("όχι",), ("x",)),
    "⚠️": (("προσοχή",), ("warning",)),
    "❓": (("ερώτηση",), ("question",)),
    "❗": (("θαυμαστικό",), ("exclamation",)),
    "📌": (("πινέζα",), ("pushpin",)),
    "📎": (("συνδετήρας",), ("paperclip",)),
    "📅": (("ημερομηνία", "ημερολόγιο"), ("date", "calendar")),
    "📧": (("μέιλ",), ("email",)),
    "📞": (("τηλέφωνο",), ("phone",)),
    "🏛️": (("δημαρχείο",), ("town_hall",)),
    "🏫": (("σχολείο",), ("school",)),
    "🏖️": (("παραλία",), ("beach",)),
    "🌳": (("δέντρο",), ("tree",)),
    "🌊": (("κύμα", "θάλασσα"), ("ocean", "sea")),
    "💧": (("νερό", "σταγόνα"), ("droplet", "water")),
    "♻️": (("ανακύκλωση",), ("recycle",)),
    "☀️": (("ήλιος",), ("sun", "sunny")),
    "🚀": (("πύραυλος",), ("rocket",)),
    "☕": (("καφές",), ("coffee",)),
    "🇬🇷": (("σημαία_ελλάδας", "ελλάδα"), ("flag_greece", "greece")),
    "🇨🇾": (("σημαία_κύπρου", "κύπρος"), ("flag_cyprus", "cyprus")),
    "🇪🇺": (("σημαία_ευρωπαϊκής_ένωσης", "ευρώπη"), ("flag_european_union", "europe")),
}
"""Names of our own, Greek then English, that stand before the long ones of the CLDR."""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        names = _unpacked(NAMES, Path(folder) / "names")
        order = _unpacked(ORDER, Path(folder) / "order")
        rows = rows_of(_annotations(names, "el"), _annotations(names, "en"), _json(order / "data-by-emoji.json"))
        licences = [
            f"{package}\n\n{(place / 'LICENSE').read_text(encoding='utf-8').strip()}\n"
            for package, place in ((NAMES, names), (ORDER, order))
        ]
    lines = ",\n".join(json.dumps(row, ensure_ascii=False, separators=(",", ":")) for row in rows)
    TARGET.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    LICENCE.write_text("Sources of emoji.json and their licences.\n\n" + "\n\n".join(licences), encoding="utf-8")
    sys.stdout.write(f"{len(rows)} emoji, {TARGET.stat().st_size} bytes\n")


def rows_of(el: dict[str, Any], en: dict[str, Any], order: dict[str, Any]) -> list[list[object]]:
    """Return a row an emoji: the character, its Greek names, its English ones, and further words of each, folded."""
    rows: list[list[object]] = []
    taken = tuple({fold(name) for short in SHORT.values() for name in short[side]} for side in (0, 1))
    for character, facts in order.items():
        key = character.replace("\ufe0f", "")
        own = SHORT.get(character, ((), ()))
        is_known = key in el and key in en
        if float(facts["emoji_version"]) > NEWEST or _VARIANTS.search(character) or not (is_known or any(own)):
            continue
        sides = [
            _side(annotations.get(key, {}), short, known)
            for annotations, short, known in zip((el, en), own, taken, strict=True)
        ]
        rows.append([character, sides[0][0], sides[1][0], sides[0][1], sides[1][1]])
    return rows


def _side(annotation: dict[str, list[str]], short: tuple[str, ...], taken: set[str]) -> tuple[list[str], str]:
    """Return the names of one language and the words it is also found by; a name belongs to the first alone."""
    spoken = [_name(text) for text in annotation.get("tts", [])]
    names = [*short, *(name for name in spoken if fold(name) not in taken)] or [f"{spoken[0]}_2"]
    taken.update(map(fold, names))
    known = {word for name in names for word in fold(name).split("_")}
    words = {word for text in annotation.get("default", []) for word in re.findall(r"\w+", fold(text))}
    return names, " ".join(sorted(word for word in words - known if len(word) > 1))


def _name(text: str) -> str:
    """Return a name as it is typed between colons."""
    return re.sub(r"[^\w]+", "_", text.lower()).strip("_")


def _annotations(folder: Path, language: str) -> dict[str, Any]:
    annotations: dict[str, Any] = _json(folder / "annotations" / language / "annotations.json")
    found: dict[str, Any] = annotations["annotations"]["annotations"]
    return found


def _json(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def _unpacked(package: str, folder: Path) -> Path:
    """Fetch a package from npm; none of its code is run."""
    folder.mkdir()
    subprocess.run(["npm", "pack", "--silent", package], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    (archive,) = folder.glob("*.tgz")
    with tarfile.open(archive) as packed:
        packed.extractall(folder, filter="data")
    return folder / "package"


if __name__ == "__main__":
    main()
