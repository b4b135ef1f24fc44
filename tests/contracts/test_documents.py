"""Documents that are made from the code are up to date, and what is named in them exists."""

from __future__ import annotations

import re
from pathlib import Path

from forum.domain.entities import RIGHTS
from forum.permissions_document import permissions_document
from forum.seeds import STAGES

ROOT = Path(__file__).parents[2]
_DOCUMENTS = [
    *sorted((ROOT / "docs").rglob("*.md")),
    *(ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")),
]


def test_the_permissions_page_is_what_the_code_says() -> None:
    assert (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8") == permissions_document()


def test_every_right_is_explained() -> None:
    text = permissions_document()
    assert [right for right in RIGHTS if f"`{right}`" not in text] == []
    assert [stage for stage in STAGES if f"| {stage} |" not in text] == []


def test_every_link_between_documents_leads_somewhere() -> None:
    dead: list[str] = []
    count = 0
    for document in _DOCUMENTS:
        for target in re.findall(r"\]\(([^)#:]+)\)", document.read_text(encoding="utf-8")):
            count += 1
            if not (document.parent / target).exists():
                dead.append(f"{document.name}: {target}")
    assert count > 5
    assert dead == []


def test_every_file_named_in_a_document_exists() -> None:
    gone = [
        f"{document.name}: {name}"
        for document in _DOCUMENTS
        for name in re.findall(r"`((?:forum|tests|tools|docs)/[\w/.]+)`", document.read_text(encoding="utf-8"))
        if not (ROOT / name).exists()
    ]
    assert gone == []


def test_the_readme_opens_with_the_two_commands() -> None:
    lines = (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    assert [line.partition("#")[0].strip() for line in lines if line.startswith("make ")][:2] == [
        "make run",
        "make test",
    ]
    assert lines[2] == "```sh"


def test_no_document_or_source_names_a_machine_or_a_registry() -> None:
    forbidden = re.compile(r"/work/|/root/|pypi\.org|files\.pythonhosted|registry\.npmjs|deb\.debian\.org")
    here = Path(__file__)
    found = [
        str(path.relative_to(ROOT))
        for folder in ("forum", "docs", "tests", "tools")
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".py", ".md", ".html", ".css", ".sql", ".txt"}
        and path != here
        and forbidden.search(path.read_text(encoding="utf-8"))
    ]
    assert found == []
