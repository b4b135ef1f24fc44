"""Importing in tests: a file as a spreadsheet program saves it, sent by an administrator's browser."""

from __future__ import annotations

import io

from aiohttp import FormData

from tests.site import Answer, Visitor

MEMBERS_PATH = "/admin/members/import"
PLACES_PATH = "/admin/organisations/import"

HEAD = "Ονοματεπώνυμο;Ηλεκτρονική διεύθυνση;Φορέας;Ρόλος;Γλώσσα;Ομάδες\r\n"

GOOD = (
    HEAD
    + "Ελένη Αργυρού;eleni@mytilene.example;Δήμος Μυτιλήνης;;;\r\n"
    + "Πέτρος Λουκά;Petros@Larnaca.example;λαρνακας;Συντονιστής;Αγγλικά;\r\n"
)


PLACES_HEAD = "Όνομα στα ελληνικά;Όνομα στα αγγλικά;Περιοχή;Πληθυσμός;Έτος απογραφής\r\n"

PLACES = (
    PLACES_HEAD
    + "Δήμος Καλοχωρίου;Municipality of Kalochori;Κύπρος;;\r\n"
    + "Δήμος Αντισσαίων;Municipality of Antissa;Βόρειο Αιγαίο;1.234;2021\r\n"
)


def table(*lines: str) -> bytes:
    return "".join([HEAD, *(f"{line}\r\n" for line in lines)]).encode()


async def send(
    visitor: Visitor,
    content: bytes | None,
    *,
    path: str = MEMBERS_PATH,
    name: str = "Μέλη.csv",
    token: str | None = None,
) -> Answer:
    """Send a file as the page's form does."""
    await visitor.get(path)
    form = FormData(quote_fields=False)
    form.add_field("csrf_token", visitor.token if token is None else token)
    if content is not None:
        form.add_field("file", io.BytesIO(content), filename=name, content_type="text/csv")
    return await visitor.request("POST", path, data=form)
