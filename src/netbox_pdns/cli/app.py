"""The program: its commands, their help, and what their exit status means."""

from __future__ import annotations

from importlib import import_module
from typing import Annotated

import typer

from netbox_pdns.cli.check import check
from netbox_pdns.cli.exit_status import EPILOG
from netbox_pdns.cli.explain import explain
from netbox_pdns.cli.options import Verbose
from netbox_pdns.cli.plan import plan
from netbox_pdns.cli.serve import serve
from netbox_pdns.cli.settings import settings
from netbox_pdns.cli.setup import setup_netbox
from netbox_pdns.cli.status import accept_source, status
from netbox_pdns.cli.sync import sync
from netbox_pdns.cli.verify import verify
from netbox_pdns.cli.version import version
from netbox_pdns.cli.watch import watch
from netbox_pdns.cli.zones import zones

app = typer.Typer(
    name="netbox-pdns",
    help="Keeps PowerDNS Authoritative servers equal to what NetBox DNS holds.",
    epilog=f"\b\n{EPILOG}",
    no_args_is_help=True,
    rich_markup_mode=None,  # the other modes load Rich's Markdown, which takes as long as all the rest of the help
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)


@app.callback()
def _program() -> None:
    """Keeps PowerDNS Authoritative servers equal to what NetBox DNS holds."""


def demo(
    keep: Annotated[
        bool, typer.Option("--keep", metavar="", help="Leave it running, and print the addresses and what to try.")
    ] = False,
    verbose: Verbose = False,
) -> None:
    """Show what it does on a sandbox inside this process: a company's zones, a plan, a sync, edits."""
    import_module("netbox_pdns.cli.demo").demo(keep=keep, verbose=verbose)


def _example(*commands: str) -> str:
    """Return an epilog whose lines stay as they are (`\\b` is Click's word for that)."""
    return "\n".join(["\b", "Example:", *(f"  netbox-pdns {command}" for command in commands)])


app.command(
    epilog=_example("plan --zone '*.example.com'", "plan --save plan.json --output markdown", "plan --exit-code --json")
)(plan)
app.command(
    epilog=_example(
        "sync",
        "sync --zone example.com --dry-run",
        "sync --force unexplained --zone example.com",
        "sync --plan plan.json",
        "sync --remote --zone example.com --timeout 60",
    )
)(sync)
app.command(epilog=_example("serve", "serve --host 0.0.0.0 --port 8000"))(serve)
app.command(epilog=_example("status", "status --json"))(status)
app.command(epilog=_example("watch", "watch --json"))(watch)
app.command("accept-source", epilog=_example("accept-source"))(accept_source)
app.command(epilog=_example("verify", "verify --zone '*.example.com' --nameservers", "verify --target site-b --json"))(
    verify
)
app.command(epilog=_example("explain www.example.com", "explain example.com MX --json"))(explain)
app.command(epilog=_example("zones", "zones --zone '*.in-addr.arpa' --json"))(zones)
app.command(epilog=_example("check", "check --json"))(check)
app.command(epilog=_example("settings", "settings --json"))(settings)
setup_app = typer.Typer(
    help="Set up what the service needs of others.",
    epilog=_example("setup netbox --url https://netbox-pdns.example.com"),
    no_args_is_help=True,
)
setup_app.command(
    "netbox",
    epilog=_example(
        "setup netbox --url https://netbox-pdns.example.com",
        "setup netbox --url http://10.0.0.5:8000 --token-file admin-token --yes --json",
        "setup netbox --remove",
    ),
)(setup_netbox)
app.add_typer(setup_app, name="setup")
app.command(epilog=_example("demo", "demo --keep"))(demo)
app.command(epilog=_example("version", "version --json"))(version)
