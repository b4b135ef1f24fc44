"""Every act that any module writes into the audit log has a name for its readers, and no name is left over."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Final

import pytest

from forum.web import audit_names

FORUM: Final = Path(__file__).parents[2] / "forum"
_WRITERS: Final = {"record", "record_for_all"}
_CHANGING_NOTHING: Final = {
    "session.authenticated",
    "sign_in.succeeded",
    "sign_in.failed",
    "sign_in.code_asked",
    "sign_in.code_failed",
}
Function = ast.AsyncFunctionDef | ast.FunctionDef


class _Module:
    """A module that writes into the log: what the text of an argument can be, through the functions it is passed by."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.tree = ast.parse(path.read_text(encoding="utf-8"))
        self.functions = {node.name: node for node in ast.walk(self.tree) if isinstance(node, Function)}

    def recorded(self, name: str) -> set[str]:
        """Return what is given as `name` wherever the module writes an entry."""
        found: set[str] = set()
        for function, call in self.calls_that_write():
            found |= self.texts(next(given.value for given in call.keywords if given.arg == name), function)
        return found

    def calls_that_write(self) -> Iterator[tuple[Function, ast.Call]]:
        """Yield every call that writes an entry, with the function it stands in."""
        return self._calls(self._is_writing)

    def texts(self, node: ast.expr, function: Function) -> set[str]:
        """Return every text that an expression in a function can be; an expression that is none is a fault."""
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return {node.value}
        if isinstance(node, ast.IfExp):
            return self.texts(node.body, function) | self.texts(node.orelse, function)
        if isinstance(node, ast.JoinedStr):
            parts = [
                self.texts(part.value if isinstance(part, ast.FormattedValue) else part, function)
                for part in node.values
            ]
            return {"".join(chosen) for chosen in product(*parts)}
        if isinstance(node, ast.Name):
            return self._texts_of_name(node.id, function)
        if isinstance(node, ast.Attribute):
            return self._texts_of_field(node.attr, function)
        raise AssertionError(f"{self.path.name}: {ast.unparse(node)} is no text that can be told")

    def _texts_of_name(self, name: str, function: Function) -> set[str]:
        assigned = [
            node.value
            for node in ast.walk(function)
            if isinstance(node, ast.Assign)
            and any(isinstance(target, ast.Name) and target.id == name for target in node.targets)
        ]
        if assigned:
            return set().union(*(self.texts(value, function) for value in assigned))
        names = [given.arg for given in (*function.args.posonlyargs, *function.args.args)]
        found: set[str] = set()
        for caller, call in self._calls(lambda call: _called(call) == function.name):
            given = [each.value for each in call.keywords if each.arg == name]
            given = given or ([call.args[names.index(name)]] if name in names else [])
            found |= set().union(*(self.texts(value, caller) for value in given))
        assert found, f"{self.path.name}: nothing is given to {function.name} as {name}"
        return found

    def _texts_of_field(self, name: str, function: Function) -> set[str]:
        """Return what objects of the module's own classes are made with as the field."""
        found: set[str] = set()
        for made in (node for node in ast.walk(self.tree) if isinstance(node, ast.ClassDef)):
            fields = [
                each.target.id
                for each in made.body
                if isinstance(each, ast.AnnAssign) and isinstance(each.target, ast.Name)
            ]
            if name in fields:
                for call in ast.walk(self.tree):
                    if isinstance(call, ast.Call) and _called(call) == made.name:
                        found |= self.texts(call.args[fields.index(name)], function)
        assert found, f"{self.path.name}: no object is made with {name}"
        return found

    def _calls(self, is_meant: Callable[[ast.Call], bool]) -> Iterator[tuple[Function, ast.Call]]:
        for function in self.functions.values():
            for node in ast.walk(function):
                if isinstance(node, ast.Call) and is_meant(node):
                    yield function, node

    def _is_writing(self, call: ast.Call) -> bool:
        return (
            isinstance(call.func, ast.Attribute)
            and call.func.attr in _WRITERS
            and isinstance(call.func.value, ast.Name)
            and call.func.value.id == "audit"
        )


def _called(call: ast.Call) -> str:
    return call.func.id if isinstance(call.func, ast.Name) else ""


def _modules() -> list[_Module]:
    return [
        _Module(path)
        for path in sorted(FORUM.rglob("*.py"))
        if any(f"audit.{writer}(" in path.read_text(encoding="utf-8") for writer in _WRITERS)
    ]


def test_every_act_that_is_recorded_has_a_name_and_no_name_is_left_over() -> None:
    modules = _modules()
    assert len(modules) > 20
    recorded = set().union(*(module.recorded("act") for module in modules))
    assert recorded == set(audit_names.ACTS)


def test_every_subject_has_a_name_and_no_name_is_left_over() -> None:
    recorded = set().union(*(module.recorded("subject") for module in _modules()))
    assert recorded == set(audit_names.SUBJECTS) == set(audit_names.ACTS_OF)


def test_every_entry_says_what_was_before_or_what_is_after_but_where_nothing_changes() -> None:
    bare: set[str] = set()
    for module in _modules():
        for function, call in module.calls_that_write():
            given = {each.arg: each.value for each in call.keywords}
            if not given.keys() & {"before", "after"}:
                bare |= module.texts(given["act"], function)
    assert bare == _CHANGING_NOTHING


def test_no_two_acts_are_called_alike() -> None:
    assert len(set(audit_names.ACTS.values())) == len(audit_names.ACTS)


@pytest.mark.parametrize(
    ("source", "acts"),
    [
        ('def f(tx):\n audit.record(tx, act="a.b")', {"a.b"}),
        ('def f(tx, x):\n audit.record(tx, act="a.b" if x else "a.c")', {"a.b", "a.c"}),
        (
            'def f(tx):\n _g(tx, "b")\n _g(tx, act="c")\ndef _g(tx, act):\n _h(tx, f"a.{act}")\n'
            "def _h(tx, act):\n audit.record_for_all(tx, act=act)",
            {"a.b", "a.c"},
        ),
        (
            'class K:\n x: str\n act: str\nA = K("1", "a.b")\nB = K("2", "a.c")\n'
            "def f(tx, kind):\n audit.record(tx, act=kind.act)",
            {"a.b", "a.c"},
        ),
    ],
)
def test_acts_are_found_through_the_functions_that_pass_them(tmp_path: Path, source: str, acts: set[str]) -> None:
    path = tmp_path / "module.py"
    path.write_text(source)
    assert _Module(path).recorded("act") == acts


def test_an_act_that_cannot_be_told_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "module.py"
    path.write_text("def f(tx):\n audit.record(tx, act=chosen())")
    with pytest.raises(AssertionError, match="no text that can be told"):
        _Module(path).recorded("act")
