"""`netbox-pdns version`."""

from __future__ import annotations

import typer

from netbox_pdns.cli.options import Json


def version(json: Json = False) -> None:
    """Print the version."""
    import platform
    from json import dumps

    from netbox_pdns import __version__

    if json:
        typer.echo(dumps({"version": __version__, "python": platform.python_version()}))
    else:
        typer.echo(f"netbox-pdns {__version__} (Python {platform.python_version()})")
