"""What the source files themselves keep to."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
_SOURCES = sorted(path for folder in ("forum", "tests", "tools") for path in (ROOT / folder).rglob("*.py"))


def test_no_file_is_longer_than_600_lines() -> None:
    assert len(_SOURCES) > 60
    assert [str(path) for path in _SOURCES if len(path.read_text(encoding="utf-8").splitlines()) > 600] == []


def test_every_module_says_first_what_it_owns() -> None:
    silent = [
        str(path) for path in _SOURCES if path.stat().st_size and not path.read_text(encoding="utf-8").startswith('"""')
    ]
    assert silent == []


def test_a_grant_is_made_at_the_door_only() -> None:
    makes = re.compile(r"\b\w+Grant\(")
    elsewhere = [
        str(path)
        for path in (ROOT / "forum").rglob("*.py")
        if path.name
        not in {"access.py", "guide_access.py", "practice_access.py", "proposal_access.py", "twinning_access.py"}
        and makes.search(path.read_text(encoding="utf-8"))
    ]
    assert makes.search((ROOT / "forum/domain/access.py").read_text(encoding="utf-8"))
    assert elsewhere == []


def test_what_expires_does_so_by_the_databases_clock_and_what_lasts_is_measured_by_one_that_is_never_set() -> None:
    wall = re.compile(r"\b(datetime\.(now|utcnow|today)|date\.today|time\.(time|time_ns|localtime|gmtime))\(")
    shown = re.compile(r"\bclock\.now\(|\bfrom forum import .*\bclock\b")
    texts = {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in (ROOT / "forum").rglob("*.py")}
    assert {name for name, text in texts.items() if wall.search(text)} == {"forum/clock.py"}
    assert [name for name, text in texts.items() if name.startswith("forum/domain/") and shown.search(text)] == []


def test_no_test_is_skipped_or_expected_to_fail_and_nothing_is_mocked() -> None:
    forbidden = re.compile(r"pytest\.(mark\.)?(skip|xfail)|importorskip|unittest\.mock|MagicMock|monkeypatch\.setattr")
    here = Path(__file__).name
    found = [
        str(path)
        for path in (ROOT / "tests").rglob("*.py")
        if path.name != here and forbidden.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []


def test_safe_stands_only_where_html_was_sanitised_on_write() -> None:
    places = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for path in (ROOT / "forum" / "templates").rglob("*.html")
        for line in path.read_text(encoding="utf-8").splitlines()
        if re.search(r"\|\s*safe\b", line)
    ]
    allowed = re.compile(r"(post|page)\.html\s*\|\s*safe")
    assert places, "posts show HTML somewhere"
    assert [place for place in places if not allowed.search(place)] == []


def test_only_a_posts_html_is_shown_unescaped() -> None:
    """`shown` trusts what it is given, as `safe` does."""
    given = [
        found
        for path in (ROOT / "forum" / "templates").rglob("*.html")
        for found in re.findall(r"(?<![\w.])shown\(([^)]*)\)", path.read_text(encoding="utf-8"))
    ]
    assert given
    assert set(given) == {"post.html"}


def test_no_condition_names_a_language_but_for_what_is_kept_in_two() -> None:
    names = re.compile(r"""(==|!=|\bin)\s*[({\[]?\s*["'](el|en)["']""")
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "forum").rglob("*")
        if path.suffix in {".py", ".html", ".js"} and names.search(path.read_text(encoding="utf-8"))
    }
    assert found == {"forum/domain/entities.py", "forum/emoji.py"}


def test_templates_hold_no_inline_style_or_script() -> None:
    forbidden = re.compile(r"\sstyle=|<style|<script(?![^>]*\ssrc=)|\son[a-z]+=", re.I)
    found = [
        f"{path.name}: {line.strip()}"
        for path in (ROOT / "forum" / "templates").rglob("*.html")
        if path.parent.name != "email"  # mail clients know no other
        for line in path.read_text(encoding="utf-8").splitlines()
        if forbidden.search(line)
    ]
    assert found == []
