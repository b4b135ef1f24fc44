"""The commands, one function each: exit 0 done, 1 failed with one clear line on standard error, 2 wrong usage.

What one command alone needs is imported where it is run: `serve` and `worker` stay small and start at once.
"""

from __future__ import annotations

import asyncio
import contextlib
import difflib
import os
import secrets
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, TypeVar

import typer

from forum import clock, server
from forum import config as settings
from forum.config import Config
from forum.db import Conn, Database
from forum.domain import counters, imports, mails, member_imports, organisations, second_factors, sign_in
from forum.domain import members as members_domain
from forum.domain.entities import Language, MailKind, Role
from forum.errors import CommandError, ForumError, Invalid, NotFound
from forum.i18n import catalogues, fold, translator
from forum.passwords import Hasher, check_password
from forum.spreadsheets import Finding
from forum.storage import storage_of

if TYPE_CHECKING:
    from forum import demo as demonstration
    from forum.backup import archive

T = TypeVar("T")

app = typer.Typer(
    help="Koinon, a closed forum for municipalities. Without a command: serve.",
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    add_completion=False,
    no_args_is_help=False,
)
members = typer.Typer(help="People who take part.", rich_markup_mode=None, no_args_is_help=True)
app.add_typer(members, name="member")


@app.callback(invoke_without_command=True)
def default(context: typer.Context) -> None:
    """Koinon, a closed forum for municipalities. Without a command: serve."""
    if context.invoked_subcommand is None:
        server.serve(settings.load(), {})


@app.command()
def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on (FORUM_HOST).")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on (FORUM_PORT).")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that answer (FORUM_WORKERS).")] = None,
) -> None:
    """Start the forum and answer until stopped."""
    named = {"host": host, "port": port, "workers": workers}
    given = {name: value for name, value in named.items() if value is not None}
    server.serve(settings.load(**given), given)


@app.command()
def worker() -> None:
    """Do the jobs of the forum alone, beside others that may do so too, until stopped."""
    server.work(settings.load())


@app.command()
def migrate() -> None:
    """Bring the database to the shape this version expects."""
    with server.database(settings.load()):
        print("The database is up to date.")


@app.command()
def routes(
    markdown: Annotated[bool, typer.Option("--markdown", help="Print docs/permissions.md instead.")] = False,
) -> None:
    """Print every route with the access it asks for."""
    from forum.permissions_document import permissions_document
    from forum.routes import ROUTES

    if markdown:
        print(permissions_document(), end="")
        return
    for route in ROUTES:
        print(f"{route.method:6} {route.path:45} {route.access.value:20} {route.name}")


@app.command()
def check(
    repair: Annotated[bool, typer.Option("--repair", help="Count anew what is counted wrong.")] = False,
) -> None:
    """Print the settings in force, secrets masked, look at the machine and the database, and count what is counted."""
    from forum import checks

    config = settings.load()
    for name, value in config.effective().items():
        print(f"{name}={value}")
    print(flush=True)
    if repair:
        with server.database(config) as ready:
            _with_database(ready.url, _repair_counters, query_seconds=checks.COUNT_SECONDS)
    failed = []
    for found in checks.run(config):
        print(f"{'ok' if found.is_ok else 'failed':7} {found.name}: {found.text}", flush=True)
        if not found.is_ok:
            failed.append(found)
    if failed:
        more = f", and {len(failed) - 1} more" if len(failed) > 1 else ""
        raise CommandError(f"{failed[0].name}: {failed[0].text}{more}")


async def _repair_counters(db: Database) -> None:
    async with db.write() as tx:
        wrong = await counters.list_wrong(tx)
        await counters.repair(tx, wrong)
    if wrong:
        named = ", ".join(f"{found.kind} {found.id}" for found in wrong[:10]) + (", …" if len(wrong) > 10 else "")
        print(f"counted anew: {named}", flush=True)


def _with_database(url: str, act: Callable[[Database], Awaitable[T]], *, query_seconds: int = 5) -> T:
    async def run() -> T:
        db = Database(url, pool_size=1, query_seconds=query_seconds)
        await db.open()
        try:
            return await act(db)
        finally:
            await db.close()

    return asyncio.run(run())


def with_forum(act: Callable[[Database], Awaitable[T]], config: Config) -> T:
    """Run something against the forum's database, which may be in use by a running forum at the same time."""
    with server.database(config) as ready:
        return _with_database(ready.url, act)


@app.command()
def demo(
    reset: Annotated[bool, typer.Option("--reset", help="Empty the demo first and lay it anew.")] = False,
) -> None:
    """Fill an empty database with an invented network of members and topics, and print whom to sign in as.

    A database with members of any other kind is left alone, and so is a forum that people reach by https: a new one is
    empty too, and everybody would know the password of its administrators.
    """
    from forum import demo as demonstration

    config = settings.load()
    _refuse_real_forum(config, "the demo's password", "to lay the demo")
    content = demonstration.read()
    with server.database(config) as ready:
        laid = asyncio.run(_lay_demo(config, ready.owner_url, content, reset=reset))
    replies = sum(len(topic.reply) for topic in content.topics)
    filled = f"{len(content.people)} members, {len(content.topics)} topics, {replies:,} replies"
    print(f"The demo is laid: {filled}." if laid else "The demo is already there; --reset lays it anew.")
    print(_sign_ins(content), flush=True)


def _refuse_real_forum(config: Config, password: str, what_for: str) -> None:
    if config.is_https:
        raise CommandError(
            f"FORUM_BASE_URL: {config.url} is a real forum, and {password} is known to everybody; "
            f"leave it out {what_for}"
        )


async def _lay_demo(config: Config, owner_url: str, content: demonstration.Content, *, reset: bool) -> bool:
    from forum import demo as demonstration

    if await demonstration.is_laid(owner_url) and not reset:
        return False
    # Files first: a row without its bytes would be a link that leads nowhere.
    storage = storage_of(config.storage_url.get_secret_value(), config.data_dir)
    await demonstration.store(content, storage, config.arrivals_folder)
    return await demonstration.lay(owner_url, await demonstration.prepare(content), now=clock.now(), reset=reset)


def _sign_ins(content: demonstration.Content) -> str:
    """Return the table of those whom the demo names, with the password that all its members share."""
    from forum import demo as demonstration
    from forum import seeds

    names = seeds.organisation_names()
    rows = [
        (
            person.role.value,
            person.name,
            names[person.organisation] + (f" ({person.note})" if person.note else ""),
            person.email,
        )
        for person in content.sign_ins()
    ]
    return _sign_in_table(rows, demonstration.PASSWORD)


def _sign_in_table(rows: Sequence[tuple[str, ...]], password: str) -> str:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = ["  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join(["Sign in as", *(f"  {line}" for line in lines), f"each with the password: {password}"])


@app.command()
def generate(
    members_count: Annotated[int, typer.Option("--members", min=3, help="How many members.")],
    topics: Annotated[int, typer.Option(min=1, help="How many topics.")],
    posts: Annotated[int, typer.Option(min=1, help="How many posts, the topics' own texts included.")],
    groups: Annotated[
        int | None, typer.Option(min=1, help="How many groups in all; else those it begins with.")
    ] = None,
    categories: Annotated[
        int | None, typer.Option(min=1, help="How many categories in all; else those it begins with.")
    ] = None,
    proposals: Annotated[int, typer.Option(min=0, help="How many of the topics are proposals.")] = 0,
    seed: Annotated[int, typer.Option(help="What all chance begins with: the same gives the same database.")] = 1,
    until: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="Everything happens in the three years before this day; 2026-01-01 when left out.",
        ),
    ] = None,
) -> None:
    """Fill an empty database with members, topics and posts in any number, and print whom to sign in as.

    A database with members is left alone, and so is a forum that people reach by https: everybody would know the
    password of its administrators.
    """
    from forum import generating

    if posts < topics:
        raise typer.BadParameter("every topic has a post of its own: --posts is at least --topics")
    if proposals > topics:
        raise typer.BadParameter("proposals are topics: --topics is at least --proposals")
    last_day = until.date() if until else generating.UNTIL
    if last_day > clock.now().date():
        raise typer.BadParameter("--until: nothing is written in the future")
    config = settings.load()
    _refuse_real_forum(config, "the password of generated members", "to generate a database")
    size = generating.Size(members_count, topics, posts, groups, categories, proposals)
    started = time.monotonic()
    with server.database(config) as ready:
        people = asyncio.run(generating.fill(ready.owner_url, size, seed=seed, until=last_day))
    seconds = time.monotonic() - started
    print(
        f"Generated from seed {seed}: {members_count:,} members, {topics:,} topics, {posts:,} posts "
        f"in {seconds:,.1f} s ({posts / seconds:,.0f} posts a second)."
    )
    print(_sign_in_table([(one.role.value, one.name, one.email) for one in people], generating.PASSWORD), flush=True)


@app.command()
def backup(
    file: Annotated[
        Path | None, typer.Argument(help="A new file; left out: one more in FORUM_BACKUP_DIR, as every night.")
    ] = None,
    to: Annotated[
        str | None, typer.Option(metavar="PUBLIC_KEY", help="Encrypt it to this key (FORUM_BACKUP_KEY).")
    ] = None,
) -> None:
    """Save the whole forum, database and files, into one file; it may be in use meanwhile."""
    from forum.backup import saving

    config = settings.load()
    key = config.backup_key if to is None else to
    storage_url = config.storage_url.get_secret_value()
    started = time.monotonic()
    with server.reached(config) as found:
        if file is None:
            os.nice(_NIGHTLY_NICENESS)
            nightly = saving.save_nightly(
                found.owner_url,
                config.data_dir,
                config.backup_folder,
                key=key,
                nights=config.backup_keep,
                storage_url=storage_url,
            )
            file, manifest = asyncio.run(nightly)
        else:
            saved = saving.save(found.owner_url, config.data_dir, file, key=key, storage_url=storage_url)
            manifest = asyncio.run(saved)
    size = file.stat().st_size / 1e6
    print(f"Saved {manifest.describe()}.\n{file}: {size:,.1f} MB in {time.monotonic() - started:,.1f} s.")


_NIGHTLY_NICENESS: Final = 10
"""What is done unasked gives way to those who use the machine."""


@app.command()
def backup_key(file: Annotated[Path, typer.Argument(help="A new file for the private key.")]) -> None:
    """Make a pair of keys to encrypt backups with, and print the public one; keep the other off the server."""
    from forum.backup import sealing

    print(f"{sealing.make_key(file)}\nBackups encrypted to this key (FORUM_BACKUP_KEY) open only with {file}.")


@app.command()
def restore(
    file: Annotated[Path, typer.Argument(help="What `backup` made.")],
    verify: Annotated[
        bool, typer.Option("--verify", help="Read all of it again afterwards: counts, checksums, constraints.")
    ] = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only see whether the file is whole; restore nothing.")
    ] = False,
    key: Annotated[Path | None, typer.Option(help="The file of the private key, if it is encrypted.")] = None,
) -> None:
    """Restore a backup into an empty database and data directory, whole or not at all."""
    from forum.backup import restoring

    config = settings.load()
    started = time.monotonic()
    found = _opened_backup(file, key)
    if check:
        print(f"{file} is whole: {found.manifest.describe()}.")
        return
    with server.provisioned(config) as target:
        place = restoring.Place(target.owner_url, target.application_role, config.data_dir)
        later = asyncio.run(restoring.restore(place, found, is_verified=verify))
    print(f"Restored{' and verified' if verify else ''} {found.manifest.describe()}.")
    if later:
        print(f"Migrations that came since: {', '.join(later)}.")
    if config.storage_url.get_secret_value():
        _store_files(config)
    print(f"It took {time.monotonic() - started:,.1f} s.")


@app.command()
def store_files() -> None:
    """Put the attachments that lie in the data directory into the store of FORUM_STORAGE_URL."""
    config = settings.load()
    if not config.storage_url.get_secret_value():
        raise CommandError("FORUM_STORAGE_URL names no store; docs/operations.md says how")
    _store_files(config)


def _store_files(config: Config) -> None:
    from forum import progress
    from forum.storage import FOLDER, StorageError
    from forum.storage.moving import move
    from forum.storage.objects import ObjectStorage

    storage = ObjectStorage(config.storage_url.get_secret_value())
    try:
        with progress.bars() as bars:
            bar = bars.add_task("Putting files into the store", total=None)
            moving = move(
                config.data_dir / FOLDER,
                storage,
                lambda done, count: bars.update(bar, completed=done, total=count),
            )
            count = asyncio.run(moving)
    except StorageError as error:
        raise CommandError(f"the store takes no files: {error}; go on with `run.py store-files`") from None
    print(f"{count} files are in the store.")


def _opened_backup(file: Path, key: Path | None) -> archive.File:
    from forum import progress
    from forum.backup import archive

    with progress.bars(in_bytes=True) as bars:
        bar = bars.add_task("Checking the file", total=None)
        with contextlib.suppress(OSError):  # said in one line when it is opened
            bars.update(bar, total=file.stat().st_size)
        return archive.opened(file, key, lambda count: bars.advance(bar, count))


@members.command("create")
def create_member(
    email: Annotated[str, typer.Option(help="Mail address to sign in with.")],
    name: Annotated[str, typer.Option(help="Name as others see it.")],
    organisation: Annotated[str, typer.Option(help="Municipality or association: its slug or its name.")],
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")],
    role: Annotated[Role, typer.Option(help="What they are.")] = Role.MEMBER,
    language: Annotated[str, typer.Option(help="Code of their language; FORUM_LANGUAGE when left out.")] = "",
) -> None:
    """Add a member; the password is read from standard input, so that no process list shows it."""
    from forum.web.forms import NewMember

    if not password_stdin:
        raise typer.BadParameter("say --password-stdin and give the password on standard input")
    config = settings.load()
    chosen: Language = language or config.language
    if chosen not in (spoken := catalogues(config.locale_dir)):
        raise typer.BadParameter(f"the language is one of {', '.join(spoken)}")
    with _faults_in_one_line():
        form = NewMember.parse({"email": email, "name": name})
        password = _password_from_stdin(is_staff=role is not Role.MEMBER, personal=(form.email, form.name))
        member_id = with_forum(
            lambda db: _create_member(db, form.email, form.name, organisation, password, role, chosen), config
        )
    print(f"Member {member_id} created.")


@members.command("import")
def import_members(
    file: Annotated[Path, typer.Argument(help="A CSV file: full name, e-mail, organisation, role, language, groups.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what it would do.")] = False,
) -> None:
    """Make the people of a CSV file members and have each sent a link to choose a password.

    Whoever is a member already is left as they are; faulty lines are told and left out, and the exit status is then 1.
    """
    from forum.web import member_sheets

    config = settings.load()
    try:
        content = file.read_bytes()
    except OSError as error:
        raise CommandError(f"{file}: {error.strerror}") from None
    candidates, faults = member_sheets.read(content, language=config.language)
    report = with_forum(lambda db: _import_members(db, candidates, faults, is_dry_run=dry_run), config)
    for finding in sorted([*report.faulty, *report.differing], key=lambda finding: finding.line):
        print(_finding_in_one_line(file, finding), file=sys.stderr)
    made = "can become members" if dry_run else "have become members"
    print(f"{len(report.ready):,} {made}, {report.there:,} are members already.")
    if count := len(report.faulty):
        raise CommandError(f"{file}: {count:,} {'fault' if count == 1 else 'faults'}; these lines were left out")


async def _import_members(
    db: Database, candidates: Sequence[member_imports.Candidate], faults: Sequence[Finding], *, is_dry_run: bool
) -> imports.Report[member_imports.Ready]:
    from forum import progress

    async with db.read() as conn:
        report = await member_imports.look(conn, candidates, faults)
    if is_dry_run or not report.ready:
        return report
    nobodys = await _hash(secrets.token_urlsafe(32))
    with progress.bars() as bars:
        bar = bars.add_task("Members", total=len(report.ready))
        for first in range(0, len(report.ready), member_imports.AT_ONCE):
            people = report.ready[first : first + member_imports.AT_ONCE]
            async with db.write() as tx:
                await member_imports.carry_out(tx, people, nobodys, actor_id=None)
            bars.advance(bar, len(people))
    return report


def _finding_in_one_line(file: Path, finding: Finding) -> str:
    from forum.web.problems import field_sentence

    column = f", {finding.column}" if finding.column else ""
    value = f" {finding.value!r}:" if finding.value else ""
    sentence = field_sentence(translator("en"), finding.code)
    hint = f" Did you mean {finding.hint}?" if finding.hint else ""
    return f"{file}, line {finding.line}{column}:{value} {sentence}{hint}"


@members.command("password")
def reset_password(
    email: Annotated[str, typer.Option(help="Mail address they sign in with.")],
    password_stdin: Annotated[bool, typer.Option("--password-stdin", help="Read the password from standard input.")],
) -> None:
    """Give a member who forgot theirs a new password; all their sessions and tokens end."""
    if not password_stdin:
        raise typer.BadParameter("say --password-stdin and give the password on standard input")
    with _faults_in_one_line():
        # Who they are is known only to the database; the longer rule for staff is right for everyone here.
        password = _password_from_stdin(is_staff=True, personal=(email,))
        with_forum(lambda db: _reset_password(db, email, password), settings.load())
    print("The password is changed; all sessions and tokens of the member have ended.")


@members.command("second-factor-off")
def switch_second_factor_off(email: Annotated[str, typer.Option(help="Mail address they sign in with.")]) -> None:
    """Let a member who has lost app and recovery codes sign in with the password alone; make sure that it is they."""
    with_forum(lambda db: _switch_second_factor_off(db, email), settings.load())
    print("Two-step sign-in is off; the member can sign in with the password and set it up anew.")


@contextlib.contextmanager
def _faults_in_one_line() -> Iterator[None]:
    try:
        yield
    except Invalid as invalid:
        from forum.web.problems import field_sentence

        field, codes = next(iter(invalid.fields.items()))
        sentence = field_sentence(translator("en"), codes[0])
        raise CommandError(f"{field}: {sentence}") from None


def _password_from_stdin(*, is_staff: bool, personal: tuple[str, ...]) -> str:
    password = sys.stdin.readline().rstrip("\r\n")
    if faults := check_password(password, is_staff=is_staff, personal=personal):
        raise Invalid({"password": faults})
    return password


async def _hash(password: str) -> str:
    hasher = Hasher()
    try:
        return await hasher.hash(password)
    finally:
        hasher.close()


async def _reset_password(db: Database, email: str, password: str) -> None:
    password_hash = await _hash(password)
    async with db.write() as tx:
        found = await sign_in.credentials(tx, email)
        if found is None:
            raise CommandError(f"nobody signs in as {email}")
        await members_domain.reset_password(tx, found.member_id, password_hash)
        await mails.enter(tx, MailKind.PASSWORD_CHANGED, to=found.member_id)


async def _switch_second_factor_off(db: Database, email: str) -> None:
    async with db.write() as tx:
        found = await sign_in.credentials(tx, email)
        if found is None:
            raise CommandError(f"nobody signs in as {email}")
        if not found.has_second_factor:
            raise CommandError(f"{email} does not sign in with two steps")
        await second_factors.reset(tx, found.member_id)


async def _create_member(
    db: Database, email: str, name: str, organisation: str, password: str, role: Role, language: Language
) -> int:
    password_hash = await _hash(password)
    async with db.write() as tx:
        try:
            belongs_to = await organisations.find(tx, organisation)
        except NotFound:
            raise CommandError(await _unknown_organisation(tx, organisation)) from None
        return await members_domain.create(
            tx,
            email=email,
            name=name,
            organisation_id=belongs_to.id,
            password_hash=password_hash,
            role=role,
            language=language,
            zone=None,
        )


async def _unknown_organisation(conn: Conn, text: str) -> str:
    """Say that there is none of this name, and which ones it may have been meant."""
    listed = await organisations.list_organisations(conn)
    names = {fold(name): known.slug for known in listed for name in (known.slug, known.name_el, known.name_en)}
    near = dict.fromkeys(names[name] for name in difflib.get_close_matches(fold(text), names, n=3, cutoff=0.7))
    hint = f"; did you mean {' or '.join(near)}?" if near else "; its slug stands in the address of its page"
    return f"no municipality or association is called {text!r}{hint}"


def main() -> None:
    """Run the command line."""
    try:
        app()
    except CommandError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    except ForumError as error:
        print(f"error: {error.code}", file=sys.stderr)
        sys.exit(1)
