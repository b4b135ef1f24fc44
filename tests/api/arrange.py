"""What the tests of the API begin with: a topic, a reply, and reading an error."""

from __future__ import annotations

from typing import Any

from tests.site import Answer, Program


async def start(program: Program, **fields: Any) -> dict[str, Any]:
    """Start a topic and return what the API answered."""
    sent = {"category": "questions", "title": "Κοινή προμήθεια οχημάτων", "body": "Ποιοι δήμοι;", **fields}
    answer = await program.post("/api/v1/topics", json=sent)
    assert answer.status == 201, answer.text
    return dict(answer.json)


async def reply(program: Program, topic_id: int, body: str = "Η Λάρνακα ενδιαφέρεται.") -> dict[str, Any]:
    """Reply in a topic and return what the API answered."""
    answer = await program.post(f"/api/v1/topics/{topic_id}/posts", json={"body": body})
    assert answer.status == 201, answer.text
    return dict(answer.json)


def problem(answer: Answer, status: int) -> str:
    """Return the code of an error, which must have the one shape that errors have."""
    assert answer.status == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json; charset=utf-8"
    found = answer.json
    assert found.keys() - {"errors"} == {"type", "title", "status", "detail", "code"}
    assert found["status"] == status
    assert found["title"]
    assert found["detail"]
    return str(found["code"])


def faulty(answer: Answer) -> set[str]:
    """Return the fields that a refusal names."""
    problem(answer, 422)
    return set(answer.json.get("errors", {}))
