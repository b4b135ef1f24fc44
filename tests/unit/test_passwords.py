"""Passwords are hashed beside the event loop and refused only for reasons that help."""

from __future__ import annotations

import asyncio
import time
import unicodedata
from collections.abc import AsyncIterator
from importlib import resources

import pytest
from argon2 import PasswordHasher, extract_parameters
from hypothesis import given
from hypothesis import strategies as st

from forum.passwords import BYTE_LIMIT, Hasher, Parameters, check_password

SOUND = "πατάτες με ρίγανη 7"


@pytest.fixture
async def hasher() -> AsyncIterator[Hasher]:
    made = Hasher(parameters=Parameters.TESTING)
    yield made
    made.close()


async def test_a_password_is_verified_against_its_hash_only(hasher: Hasher) -> None:
    stored = await hasher.hash(SOUND)
    assert SOUND not in stored
    assert await hasher.verify(stored, SOUND)
    assert not await hasher.verify(stored, SOUND + " ")
    assert not await hasher.verify(stored, SOUND.upper())
    assert await hasher.hash(SOUND) != stored


async def test_a_given_salt_gives_the_same_hash(hasher: Hasher) -> None:
    stored = await hasher.hash(SOUND, salt=b"sixteen bytes...")
    assert await hasher.hash(SOUND, salt=b"sixteen bytes...") == stored
    assert await hasher.hash(SOUND, salt=b"sixteen others..") != stored
    assert await hasher.verify(stored, SOUND)


async def test_a_hash_is_argon2id_of_64_mebibytes_by_default() -> None:
    hasher = Hasher(concurrency=1)
    stored = await hasher.hash(SOUND)
    hasher.close()
    parameters = extract_parameters(stored)
    assert stored.startswith("$argon2id$")
    assert parameters.memory_cost == 64 * 1024
    assert parameters.time_cost == 3


async def test_an_unknown_account_never_matches(hasher: Hasher) -> None:
    for password in (SOUND, "", "\x00"):
        assert not await hasher.verify(None, password)


async def test_an_unknown_account_costs_one_verification() -> None:
    hasher = Hasher(concurrency=1)
    stored = await hasher.hash(SOUND)

    async def shortest(against: str | None) -> float:
        times = []
        for _ in range(5):
            # processor time, so that a busy machine does not decide the test
            started = time.process_time()
            await hasher.verify(against, "another password")
            times.append(time.process_time() - started)
        return min(times)

    known, unknown = await shortest(stored), await shortest(None)
    hasher.close()
    assert known > 0.02  # the premise: a verification is dear
    assert known / 3 < unknown < known * 3


async def test_what_is_no_hash_never_matches_and_is_made_anew(hasher: Hasher) -> None:
    for stored in ("", "!", "$argon2id$", "$2b$12$abcdefghijklmnopqrstuv"):
        assert not await hasher.verify(stored, SOUND)
        assert hasher.needs_rehash(stored)


async def test_a_hash_of_other_parameters_is_made_anew(hasher: Hasher) -> None:
    stored = await hasher.hash(SOUND)
    old = PasswordHasher(time_cost=2, memory_cost=128, parallelism=1).hash(SOUND)
    assert not hasher.needs_rehash(stored)
    assert hasher.needs_rehash(old)
    assert await hasher.verify(old, SOUND)


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("καλημέρα κόσμε", unicodedata.normalize("NFD", "καλημέρα κόσμε")),
        ("\u1f71\u1f73\u1f75 οξεία", "άέή οξεία"),  # oxia and tonos
        ("κενό\u00a0και κενό", "κενό και κενό"),
        ("κενό\u1680και κενό", "κενό και κενό"),
        ("ｆｕｌｌ ｗｉｄｔｈ", "full width"),
        ("ﬁne print", "fine print"),
    ],
)
async def test_one_password_typed_on_two_keyboards_matches(hasher: Hasher, typed: str, stored: str) -> None:
    assert typed != stored
    assert await hasher.verify(await hasher.hash(stored), typed)
    assert await hasher.verify(await hasher.hash(typed), stored)


async def test_case_and_accents_matter(hasher: Hasher) -> None:
    stored = await hasher.hash("καλημέρα κόσμε")
    assert not await hasher.verify(stored, "Καλημέρα κόσμε")
    assert not await hasher.verify(stored, "καλημερα κοσμε")


@pytest.mark.parametrize("password", ["😀" * 20, "τ" * 512, "x" * BYTE_LIMIT, "nul\x00 inside it", "lone \ud800 half"])
async def test_a_password_is_hashed_whole(hasher: Hasher, password: str) -> None:
    stored = await hasher.hash(password)
    assert await hasher.verify(stored, password)
    assert not await hasher.verify(stored, password[:-1])


async def test_a_password_beyond_the_limit_is_never_hashed(hasher: Hasher) -> None:
    long = "x" * (BYTE_LIMIT + 1)
    with pytest.raises(ValueError, match="too long"):
        await hasher.hash(long)
    assert not await hasher.verify(await hasher.hash("x" * BYTE_LIMIT), long)
    assert not await hasher.verify(await hasher.hash(""), long)


async def test_the_loop_runs_on_while_passwords_are_hashed() -> None:
    hasher = Hasher(concurrency=2)
    lags: list[float] = []

    async def tick() -> None:
        while True:
            started = time.perf_counter()
            await asyncio.sleep(0.002)
            lags.append(time.perf_counter() - started - 0.002)

    ticker = asyncio.create_task(tick())
    await asyncio.gather(*(hasher.hash(SOUND) for _ in range(4)))
    ticker.cancel()
    hasher.close()
    # one hash on the loop would leave it as long as a hash takes, and no tick in between
    assert len(lags) > 10
    assert sorted(lags)[len(lags) * 9 // 10] < 0.05


async def test_no_more_are_hashed_at_once_than_allowed() -> None:
    hasher = Hasher(concurrency=1)
    started = time.process_time()
    await hasher.hash(SOUND)
    one = time.process_time() - started
    wall, spent = time.perf_counter(), time.process_time()
    await asyncio.gather(*(hasher.hash(SOUND) for _ in range(4)))
    wall, spent = time.perf_counter() - wall, time.process_time() - spent
    hasher.close()
    assert spent > one * 2  # the premise: four were hashed
    assert spent <= wall * 1.3  # a second thread would spend more processor time than passes on the clock


async def test_a_closed_hasher_hashes_no_more(hasher: Hasher) -> None:
    hasher.close()
    with pytest.raises(RuntimeError):
        await hasher.hash(SOUND)


@pytest.mark.parametrize(
    "password",
    [
        SOUND,
        "correct horse battery",
        "ξύλο-γάλα-ποδήλατο",
        "tr0ub4dor&3",
        "😀😃😄😁😆😅😂🤣",
        "        x",
        "Ω" * 4 + "kx9!" + "v" * 60,
        "Δ7" + "μακρύς κωδικός με πολλές λέξεις " * 8,
    ],
)
def test_a_sound_password_of_any_letters_is_taken(password: str) -> None:
    assert check_password(password, is_staff=False) == ()


def test_sixty_four_characters_and_more_are_taken() -> None:
    sentence = "Στο λιμάνι τρία καΐκια περιμένουν τον βοριά να κόψει, μα εκείνος φυσά."
    assert len(sentence) >= 64
    assert check_password(sentence, is_staff=True) == ()


@pytest.mark.parametrize(
    ("password", "is_staff", "codes"),
    [
        ("", False, ("short_password",)),
        ("xk3.vb9", False, ("short_password",)),
        ("xk3.vb9q", False, ()),
        ("xk3.vb9q-mmtw4", True, ("short_staff_password",)),
        ("xk3.vb9q-mmtw4z", True, ()),
        ("α\u0301ω\u0301η\u0301ι\u0301", False, ("short_password",)),
        ("ﷺ", False, ("short_password",)),  # eighteen characters once decomposed, but one was typed
        ("y!" * 512, False, ("common",)),
        ("τ" * 513, False, ("too_long",)),
        ("x" * 10_000_000, False, ("too_long",)),
    ],
)
def test_only_the_length_is_asked_for(password: str, is_staff: bool, codes: tuple[str, ...]) -> None:
    assert check_password(password, is_staff=is_staff) == codes


@pytest.mark.parametrize(
    "password",
    [
        "12345678",
        "123456789012345",
        "87654321",
        "qwertyuiop",
        "QwertyUiop",
        "1qaz2wsx3edc",
        "iloveyou1",
        "letmein123",
        "P@ssw0rd",
        "ILOVEYOU",
        "aaaaaaaaaaaaaaaa",
        "abcabcabcabcabcabc",
        "sunshinesunshine",
        "ασδφγηξκλ",
        "Παναγιώτης1",
        "panagiotis1",
        "ολυμπιακος",
        "Καλημέρα123",
        "kalimera123",
        "σαγαπώ123",
        "19801980",
    ],
)
def test_a_common_password_is_refused_in_any_case_and_alphabet(password: str) -> None:
    assert "common" in check_password(password, is_staff=False)


@pytest.mark.parametrize(
    "password",
    [
        "giorgos.pap",
        "GPapadopoulos!",
        "Παπαδόπουλος80",
        "papadopoulos80",
        "xx-Giorgos-xx",
        "dimos-lesvou-26",
        "Δήμος Λέσβου 26",
        "koinon2026!",
        "Κοινόν-2026",
        "KoinonForum2026",
        "myforumpassword",
    ],
)
def test_a_password_made_of_known_words_is_refused(password: str) -> None:
    personal = ("giorgos.pap@dimos-lesvou.gr", "Γιώργος Παπαδόπουλος", "Δήμος Λέσβου")
    assert "personal" in check_password(password, is_staff=False, personal=personal)


def test_a_long_phrase_may_hold_a_known_word() -> None:
    assert check_password("ο δήμος έχει μπλε ποδήλατα", is_staff=True, personal=("Μαρία Ποδηλάτου",)) == ()


def test_short_or_empty_names_refuse_nothing() -> None:
    assert check_password("xk3.vb9q", is_staff=False, personal=("", "@", "Xk", "b9q", "...")) == ()


def test_the_list_of_common_passwords_is_long_clean_and_folded() -> None:
    listed = resources.files("forum").joinpath("data/common_passwords.txt").read_text(encoding="utf-8").splitlines()
    assert len(set(listed)) == len(listed)
    assert sum(len(entry) >= 8 for entry in listed) >= 3_000
    assert all(entry == entry.casefold().strip() and entry for entry in listed)
    assert sum(any("α" <= letter <= "ω" for letter in entry) for entry in listed) >= 500


@given(st.text(max_size=2_000), st.booleans(), st.lists(st.text(max_size=60), max_size=4))
def test_the_check_answers_whatever_is_typed(password: str, is_staff: bool, personal: list[str]) -> None:
    codes = check_password(password, is_staff=is_staff, personal=personal)
    assert set(codes) <= {"short_password", "short_staff_password", "too_long", "common", "personal"}
