"""`netbox-pdns version`."""

from __future__ import annotations

from netbox_pdns.cli.options import Json


def version(json: Json = False) -> None:
    """Print the version."""
    import platform

    from netbox_pdns import __version__
    from netbox_pdns.cli.terminal import Terminal

    terminal = Terminal()
    if json:
        terminal.json({"version": __version__, "python": platform.python_version()})
    else:
        terminal.line(f"netbox-pdns {__version__} (Python {platform.python_version()})")
