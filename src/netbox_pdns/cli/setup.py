"""`netbox-pdns setup netbox`: the webhook, the event rule and the token, made through NetBox's API after they were shown."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from netbox_pdns.cli.exit_status import ExitStatus
from netbox_pdns.cli.options import Verbose

if TYPE_CHECKING:
    from netbox_pdns.cli.documents import SetupDocument
    from netbox_pdns.cli.terminal import Terminal
    from netbox_pdns.netbox.administration import Administration, Row
    from netbox_pdns.netbox.setup import SetupRequest, Step, Wish
    from netbox_pdns.settings import SetupSettings

_STYLES = {"add": "green", "change": "yellow", "remove": "red", "keep": "dim"}
_DONE = {"add": "added", "change": "changed", "remove": "removed", "keep": "kept"}


@dataclass(frozen=True, slots=True)
class _Asked:
    """What the command line asks for."""

    url: str | None
    token_file: Path | None
    remove: bool
    user: bool
    verify_tls: bool
    yes: bool
    json: bool


def setup_netbox(
    url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Where NetBox reaches the service; by default NETBOX_PDNS_REMOTE_URL."),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="An administrator's API token of NetBox; by default NETBOX_PDNS_SETUP_TOKEN, or it is asked for.",
        ),
    ] = None,
    no_user: Annotated[
        bool, typer.Option("--no-user", metavar="", help="Make no user and token: there are ones already.")
    ] = False,
    no_verify_tls: Annotated[
        bool, typer.Option("--no-verify-tls", metavar="", help="NetBox does not verify the service's certificate.")
    ] = False,
    remove: Annotated[bool, typer.Option("--remove", metavar="", help="Remove all that was made.")] = False,
    yes: Annotated[bool, typer.Option("--yes", metavar="", help="Go on without asking.")] = False,
    json: Annotated[
        bool, typer.Option("--json", metavar="", help="Print JSON, for machines; without --yes nothing is done.")
    ] = False,
    verbose: Verbose = False,
) -> None:
    """Make what NetBox needs to tell us of edits: webhook, event rule, and a user with a token that may only view.

    Shows first what it would do. A second time there is nothing to do.
    """
    from netbox_pdns.cli.running import end_with
    from netbox_pdns.cli.terminal import Terminal

    terminal = Terminal(verbose=verbose)
    asked = _Asked(url, token_file, remove, not no_user, not no_verify_tls, yes, json)
    end_with(lambda: _set_up(terminal, asked), terminal, json=json)


async def _set_up(terminal: Terminal, asked: _Asked) -> ExitStatus:
    from netbox_pdns.netbox.administration import Administration
    from netbox_pdns.settings import load_setup_settings

    settings = load_setup_settings()
    terminal.hide(*settings.secrets)
    request = _request(settings, asked)
    token = _token(settings, asked.token_file)
    terminal.hide(token)
    async with Administration(settings.netbox, token) as netbox:
        return await _with(terminal, netbox, request, asked)


async def _with(terminal: Terminal, netbox: Administration, request: SetupRequest, asked: _Asked) -> ExitStatus:
    from netbox_pdns.netbox.setup import steps_to_make, steps_to_remove, take

    wishes, found, left_out = await _seen(netbox, request, user=asked.user)
    steps = (steps_to_remove if asked.remove else steps_to_make)(wishes, found)
    to_do = [step for step in steps if step.action != "keep"]
    if not asked.json:
        _show(terminal, netbox.base, steps, left_out)
    if to_do and not _may_go_on(asked):
        if asked.json:
            terminal.json(_document(steps, left_out, done=False))
            return ExitStatus.DONE
        terminal.notice("nothing was done")
        return ExitStatus.NOT_RUN

    def done(step: Step) -> None:
        if not asked.json and step.action != "keep":
            terminal.line(f"{_DONE[step.action]} {step.wish.kind} {step.wish.name}", "green")

    made = await take(netbox, steps, found, done)
    if asked.json:
        terminal.json(_document(steps, left_out, done=True, token=made))
    else:
        _show_end(terminal, to_do, made)
    return ExitStatus.ATTENTION if left_out else ExitStatus.DONE


async def _seen(
    netbox: Administration, request: SetupRequest, *, user: bool
) -> tuple[Sequence[Wish], Mapping[str, Row], str | None]:
    """Return what is to be there, what of it is, and why no user can be made where the token is none for that."""
    from netbox_pdns.netbox.administration import ForbiddenError
    from netbox_pdns.netbox.setup import find, of_user, of_webhook

    webhook, ours = of_webhook(request), of_user(request.instance)
    found = await find(netbox, webhook)
    if not user:
        return webhook, found, None
    try:
        return (*webhook, *ours), {**found, **await find(netbox, ours)}, None
    except ForbiddenError as error:
        return webhook, found, str(error)


def _request(settings: SetupSettings, asked: _Asked) -> SetupRequest:
    from netbox_pdns.errors import ConfigurationError
    from netbox_pdns.netbox.setup import SetupRequest

    url, secret = asked.url or settings.remote_url or "", settings.webhook_secret
    if asked.remove:
        return SetupRequest(settings.instance, url, "", verify_tls=asked.verify_tls)
    if not url.startswith(("http://", "https://")):
        raise ConfigurationError(
            f"{url!r} is no address of the service" if url else "where NetBox reaches the service is not known",
            hint="give it with --url, like --url https://netbox-pdns.example.com:8000",
            setting="NETBOX_PDNS_REMOTE_URL",
        )
    if secret is None:
        raise ConfigurationError(
            "NETBOX_PDNS_WEBHOOK_SECRET is not set: NetBox signs with it, and the service knows NetBox by it",
            hint="set it to a long random word, here and for the service: openssl rand -hex 32",
            setting="NETBOX_PDNS_WEBHOOK_SECRET",
        )
    return SetupRequest(settings.instance, url, secret.get_secret_value(), verify_tls=asked.verify_tls)


def _token(settings: SetupSettings, file: Path | None) -> str:
    """Return the administrator's token: out of the file, the settings, or asked for."""
    from netbox_pdns.errors import ConfigurationError

    if file is not None:
        try:
            token = file.read_text(encoding="ascii").strip()
        except (OSError, UnicodeError) as error:
            raise ConfigurationError(f"{file} cannot be read: {error}", hint="name the file with the token") from error
    elif settings.setup_token is not None:
        token = settings.setup_token.get_secret_value()
    elif sys.stdin.isatty():
        token = typer.prompt("An administrator's API token of NetBox", hide_input=True, err=True).strip()
    else:
        token = ""
    if not token or not token.isascii() or not token.isprintable():
        raise ConfigurationError(
            "there is no administrator's token" if not token else "the administrator's token is none",
            hint="give it with --token-file, or in NETBOX_PDNS_SETUP_TOKEN; it is not needed afterwards",
            setting="NETBOX_PDNS_SETUP_TOKEN",
        )
    return token


def _may_go_on(asked: _Asked) -> bool:
    from netbox_pdns.errors import ConfigurationError

    if asked.yes or asked.json:
        return asked.yes
    if not sys.stdin.isatty():
        raise ConfigurationError("nobody is there to be asked, and nothing was done", hint="give --yes to go on")
    return typer.confirm("Go on?", err=True)


def _show(terminal: Terminal, base: str, steps: Sequence[Step], left_out: str | None) -> None:
    terminal.line(f"In NetBox at {base}:")
    for step in steps:
        about = {"add": step.wish.told, "change": ", ".join(step.fields), "keep": step.wish.there, "remove": ""}
        what = f"{step.wish.kind} {step.wish.name}" + (f": {about[step.action]}" if about[step.action] else "")
        terminal.prose(what, _STYLES[step.action], mark=f"  {step.action:<7} ")
    if not steps:
        terminal.line("  nothing of ours is there")
    if left_out:
        terminal.prose(f"no user and no token: {left_out}", "yellow", mark="  ")


def _show_end(terminal: Terminal, to_do: Sequence[Step], token: str | None) -> None:
    if not to_do:
        terminal.line("nothing to do", "green")
    if token:
        terminal.line(f"token: {token}", "bold")
        terminal.prose("Put it into NETBOX_PDNS_NB_TOKEN: it is not shown again. `netbox-pdns check` tries it.")


def _document(steps: Sequence[Step], left_out: str | None, *, done: bool, token: str | None = None) -> SetupDocument:
    from netbox_pdns.cli.documents import SetupDocument, SetupStep

    rows = [
        SetupStep(action=step.action, kind=step.wish.kind, name=step.wish.name, fields=step.fields) for step in steps
    ]
    return SetupDocument(done=done, steps=tuple(rows), left_out=left_out, token=token)
