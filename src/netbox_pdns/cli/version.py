"""`netbox-pdns version`."""

from __future__ import annotations

import typer

from netbox_pdns.cli.options import Json


def version(json: Json = False) -> None:
    """Print the version."""
    import platform

    from netbox_pdns import __version__

    if json:
        from dataclasses import asdict
        from json import dumps

        from netbox_pdns.cli.documents import VersionDocument

        typer.echo(dumps(asdict(VersionDocument(version=__version__, python=platform.python_version())), indent=2))
    else:
        typer.echo(f"netbox-pdns {__version__} (Python {platform.python_version()})")
