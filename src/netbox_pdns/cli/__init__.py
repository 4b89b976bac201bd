"""The commands, one module each. `main` is where the program begins."""

from __future__ import annotations


def main() -> None:
    """Run the command line and exit; see `netbox_pdns.cli.exit_status`."""
    from netbox_pdns.cli.app import app

    app(prog_name="netbox-pdns")
