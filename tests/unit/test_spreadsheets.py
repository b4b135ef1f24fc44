"""Tables as spreadsheet programs save them."""

from __future__ import annotations

import csv
import io
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from forum.spreadsheets import CELL_LIMIT, COLUMNS_LIMIT, LINES_LIMIT, MARK, Finding, Row, Sheet, read_rows, written

COLUMNS = {"name": ("όνομα", "ονοματεπώνυμο"), "email": ("e-mail", "ηλεκτρονική διεύθυνση")}

GREEK = "Ονοματεπώνυμο;Ηλεκτρονική διεύθυνση\r\nΜαρία Ιωάννου;maria@example.org\r\n"
PILE = "\u0301\u0323" * 20
"""Marks that take time to compose which grows with the square of their number."""
MARIA = Sheet([Row(2, {"name": "Μαρία Ιωάννου", "email": "maria@example.org"})])


def read(text: str) -> Sheet:
    return read_rows(text.encode(), COLUMNS, required=("name", "email"))


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1253"])
@pytest.mark.parametrize("delimiter", [";", ",", "\t"])
@pytest.mark.parametrize("line_end", ["\r\n", "\n", "\r"])
def test_greek_is_read_however_it_was_saved(encoding: str, delimiter: str, line_end: str) -> None:
    text = GREEK.replace(";", delimiter).replace("\r\n", line_end)
    assert read_rows(text.encode(encoding), COLUMNS) == MARIA


def test_columns_are_known_in_any_order_case_and_accent_and_others_left_out() -> None:
    text = "Τηλέφωνο,E-MAIL,ονοματεπωνυμο\n210,maria@example.org,Μαρία Ιωάννου\n"
    assert read(text) == MARIA
    assert read("email,name\nmaria@example.org,Μαρία Ιωάννου") == MARIA


def test_what_excel_says_of_the_delimiter_is_believed() -> None:
    assert read("sep=;\r\n" + GREEK) == MARIA


def test_quoted_cells_hold_what_parts_others_and_blanks_are_folded() -> None:
    found = read('name,email\n" Ιωάννου,\n\u00a0Μαρία ",maria@example.org\n')
    assert found.rows[0].values["name"] == "Ιωάννου, Μαρία"


def test_empty_lines_count_and_are_passed_over() -> None:
    found = read("name;email\n\n;;\nΜαρία;m@example.org\n")
    assert [row.line for row in found.rows] == [4]
    assert not found.faults


def test_a_cell_that_is_not_there_is_empty() -> None:
    assert read("name;email\nΜαρία\n").rows == [Row(2, {"name": "Μαρία", "email": ""})]


@pytest.mark.parametrize(
    ("content", "fault"),
    [
        (b"", Finding(1, None, "empty_table")),
        (b"name;email\n", Finding(1, None, "empty_table")),
        (b"PK\x03\x04\x14\x00", Finding(1, None, "not_csv")),
        (b"\xff\xfe\x00\xd8", Finding(1, None, "not_csv")),
        (b"name;email\n\x81\xff;x", Finding(1, None, "not_csv")),
        (b"name\nx\n", Finding(1, "email", "missing_column")),
        (b"name;email;name\nx;y;z\n", Finding(1, "name", "repeated_column", "name")),
        (b"name;email\nx;y;z\n", Finding(2, None, "too_many_cells")),
        (b"name;email\n" + b"x" * (CELL_LIMIT + 1) + b";y\n", Finding(2, "name", "too_long")),
        ("name;email\nx\u202e;y\n".encode(), Finding(2, "name", "bad_characters")),
        (b"name;email\n" + b"x;y\n" * (LINES_LIMIT + 1), Finding(LINES_LIMIT + 2, None, "too_many_lines")),
        (b"name;email" + b";" * COLUMNS_LIMIT + b"\nx;y\n", Finding(1, None, "too_many_columns")),
        (b"name;email\n" + b"x;y;z\n" * (LINES_LIMIT + 1), Finding(LINES_LIMIT + 2, None, "too_many_lines")),
        (b'name;email\nx;"' + b"y" * 200_000, Finding(2, None, "not_csv")),
        (f"name;email\nα{PILE};y\n".encode(), Finding(1, None, "not_csv")),
        (f"name;email;α{PILE}\nx;y;z\n".encode("utf-16"), Finding(1, None, "not_csv")),
    ],
)
def test_what_cannot_be_read_is_said_with_its_place(content: bytes, fault: Finding) -> None:
    assert read_rows(content, COLUMNS, required=("name", "email")).faults == [fault]


def test_what_else_the_first_line_says_is_told_where_a_column_is_missing() -> None:
    faults = [Finding(1, "email", "missing_column"), Finding(1, None, "unknown_columns", "phone, Οδός")]
    assert read_rows("name;phone;Οδός;\nx;1;2;\n".encode(), COLUMNS, required=("name", "email")).faults == faults
    assert not read_rows("name;email;Οδός\nx;y;z\n".encode(), COLUMNS, required=("name", "email")).faults


def test_a_faulty_line_keeps_no_other_from_being_read() -> None:
    found = read("name;email\na;b;c\nΜαρία;m@example.org\n")
    assert [row.line for row in found.rows] == [3]
    assert [fault.line for fault in found.faults] == [2]


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(content: bytes) -> None:
    found = read_rows(b"name;email\n" + content, COLUMNS, required=("name", "email"))
    assert found.rows or found.faults


_CELLS = st.text(st.characters(categories=["L", "N", "P", "Zs"]), max_size=30).map(lambda text: " ".join(text.split()))


@given(
    st.lists(st.tuples(_CELLS.filter(bool), _CELLS), min_size=1, max_size=20),
    st.sampled_from([";", ",", "\t"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_what_a_program_writes_is_read_back(rows: list[tuple[str, str]], delimiter: str, encoding: str) -> None:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=delimiter).writerows([("name", "email"), *rows])
    found = read_rows(written.getvalue().encode(encoding), COLUMNS)
    expected = [
        {"name": unicodedata.normalize("NFC", name), "email": unicodedata.normalize("NFC", email)}
        for name, email in rows
    ]
    assert [row.values for row in found.rows] == expected
    assert not found.faults


@pytest.mark.parametrize("cell", ["=1+1", "+30", "-1", "@SUM(A1)", "\t=1", "\r=1", '=HYPERLINK("http://x";"y")'])
def test_no_cell_that_is_written_is_a_formula(cell: str) -> None:
    [[read]] = csv.reader(io.StringIO(written([[cell]]).decode(), newline=""), delimiter=";")
    assert read == f"'{cell}"


def test_what_is_written_is_read_again_as_it_was() -> None:
    rows = [["α;β", 'ένα "δύο"', "γραμμή\nδύο", " =όχι", "a=b"], ["", "1", "", "", ""]]
    lines = written([rows[0], [None, 1, "", None, ""]])
    assert list(csv.reader(io.StringIO(lines.decode(), newline=""), delimiter=";")) == rows
    assert lines.endswith(b"\r\n")
    assert (MARK + lines).decode("utf-8-sig") == lines.decode()
