"""`kb users`, `kb audit`, `kb records`, `kb backup`, `kb restore`: accounts, the audit trail, retention, deletion, copies."""

from __future__ import annotations

import getpass
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from kb.cli_corpus import print_json
from kb.errors import BadInput
from kb.settings import Settings

if TYPE_CHECKING:
    from kb.access import Accounts
    from kb.database import Database
    from kb.store import Store

users = typer.Typer(no_args_is_help=True, help="Accounts: who may use the pages and the API, as what.")
audit = typer.Typer(no_args_is_help=True, help="The audit trail: who did what.")
records = typer.Typer(no_args_is_help=True, help="Answers that are kept: retention and deletion.")
app = typer.Typer(no_args_is_help=True)
app.add_typer(users, name="users")
app.add_typer(audit, name="audit")
app.add_typer(records, name="records")

NameArgument = Annotated[str, typer.Argument(help="name of the account")]
JsonOption = Annotated[bool, typer.Option("--json", help="one JSON record instead of text")]
PasswordOption = Annotated[bool, typer.Option("--password-stdin", help="read the password from standard input")]


def _database() -> Database:
    from kb.database import Database

    return Database.open(Settings())


def _accounts() -> Accounts:
    from kb.access import Accounts

    return Accounts(_database())


def _store() -> Store:
    from kb.corpus_cache import open_corpus
    from kb.store import Store

    settings = Settings()
    return Store(_database(), open_corpus(settings))


def _actor() -> str:
    """Whoever runs the command, as the operating system knows them."""
    try:
        return f"cli:{getpass.getuser()}"[:80]
    except (KeyError, OSError):
        return f"cli:{os.getpid()}"


def _password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\n")
    if not sys.stdin.isatty():
        raise BadInput("no terminal to ask for the password; give it with --password-stdin")
    first = getpass.getpass("password: ")
    if getpass.getpass("once more: ") != first:
        raise BadInput("the two passwords differ; nothing was changed")
    return first


@users.command("add")
def add_user(
    name: NameArgument,
    role: Annotated[str, typer.Option(help="employee, legal, evaluator or admin")],
    password_stdin: PasswordOption = False,
) -> None:
    """Add an account. With the first one, every page and every call of the API needs a log-in."""
    person = _accounts().add(name, role, _password(password_stdin), _actor())
    typer.echo(f"{person.name} is {person.role}", err=True)


@users.command("password")
def set_password(name: NameArgument, password_stdin: PasswordOption = False) -> None:
    """Set a new password; the person's sessions end, a lock is lifted."""
    _accounts().set_password(name, _password(password_stdin), _actor())


@users.command("role")
def set_role(name: NameArgument, role: Annotated[str, typer.Argument(help="the new role")]) -> None:
    """Give somebody another role."""
    _accounts().change(name, _actor(), role=role)


@users.command("off")
def switch_off(name: NameArgument) -> None:
    """Switch an account off: no log-in, no token works. What the person signed stays."""
    _accounts().change(name, _actor(), active=False)


@users.command("on")
def switch_on(name: NameArgument) -> None:
    """Switch an account on again."""
    _accounts().change(name, _actor(), active=True)


@users.command("list")
def list_users(as_json: JsonOption = False) -> None:
    """Who has an account."""
    people = [dict(row) for row in _accounts().people()]
    if as_json:
        print_json(people)
        return
    for person in people:
        locked = f", locked until {person['locked_until']}" if person["locked_until"] else ""
        typer.echo(f"{person['name']:24} {person['role']:10} {'on' if person['active'] else 'off'}{locked}")
    if not people:
        typer.echo("no accounts: whoever reaches the page on this machine may do everything", err=True)


@users.command("token")
def add_token(name: NameArgument, label: Annotated[str, typer.Option(help="what the token is for")]) -> None:
    """Make a token for a program, with the rights of a person. It is printed once and cannot be read again."""
    typer.echo(_accounts().add_token(name, label, _actor()))


@users.command("tokens")
def list_tokens() -> None:
    """Tokens with their numbers, never their secrets."""
    for row in _accounts().tokens():
        state = f"revoked {row['revoked']}" if row["revoked"] else "in use"
        typer.echo(f"{row['id']:4} {row['name']:24} {row['role']:10} {row['label']} ({row['created']}, {state})")


@users.command("revoke")
def revoke_token(number: Annotated[int, typer.Argument(help="number of the token")]) -> None:
    """Revoke a token."""
    _accounts().revoke_token(number, _actor())


@audit.command("verify")
def verify_trail(as_json: JsonOption = False) -> None:
    """Read the whole audit trail and say whether an entry was changed or is missing; exit 1 where one was."""
    from kb.audit import verify

    with _database().read() as connection:
        report = verify(connection)
    if as_json:
        print_json(
            {
                "entries": report.entries,
                "last_hash": report.last_hash,
                "broken_at": report.broken_at,
                "reason": report.reason,
            }
        )
    elif report.broken_at is None:
        typer.echo(f"{report.entries} entries, unbroken; the last has the hash {report.last_hash}")
    else:
        typer.echo(f"broken: {report.reason}; the {report.entries} entries before it are whole")
    if report.broken_at is not None:
        raise typer.Exit(1)


@audit.command("show")
def show_trail(most: Annotated[int, typer.Option("-n", min=1, help="how many of the last entries")] = 50) -> None:
    """The last entries, newest first."""
    from kb.cli_check import printable

    for row in _store().trail_entries(most):
        typer.echo(
            printable(f"{row['n']:6} {row['at']} {row['actor']} {row['action']} {row['subject']} {row['detail']}")
        )


@records.command("purge")
def purge(
    older_than: Annotated[str, typer.Option(help="age in days: 180 or 180d")],
) -> None:
    """Delete older answers and what was said of them; of those that were signed or corrected the asker's name alone."""
    number = older_than.strip().removesuffix("d")
    if not number.isascii() or not number.isdigit():
        raise BadInput(f"--older-than: {older_than!r} is no number of days; write 180 or 180d")
    done = _store().purge(int(number), _actor())
    typer.echo(f"{done['deleted']} answers deleted, {done['anonymised']} kept without the asker's name")


@app.command("backup")
def back_up(file: Annotated[Path, typer.Argument(help="the new file, for example kb-2026-11-27.zip")]) -> None:
    """Save records and own corpus in one new file, while the app runs."""
    from kb.backup import back_up as write

    manifest = write(file, Settings())
    typer.echo(
        f"{len(manifest.files)} files in {file}; the audit trail has {manifest.entries} entries, the last with the hash {manifest.last_hash}"
    )


@app.command("restore")
def restore(
    file: Annotated[Path, typer.Argument(help="a file that kb backup wrote")],
    replace: Annotated[bool, typer.Option("--replace", help="put aside what is there")] = False,
) -> None:
    """Check a backup and put it back, whole or not at all; stop the app before."""
    from kb.backup import restore as put_back

    done = put_back(file, Settings(), _actor(), replace)
    typer.echo(
        f"restored as of {done.manifest.created}: {done.manifest.entries} entries of the audit trail, {len(done.manifest.files)} files"
    )
    for folder in done.aside:
        typer.echo(f"what was there before is in {folder}", err=True)
    typer.echo(
        "everybody is logged out. Accounts and tokens are those of then: see kb users list, kb users tokens", err=True
    )
