"""Keeps PowerDNS Authoritative servers equal to what NetBox DNS holds."""

from __future__ import annotations


def __getattr__(name: str) -> str:
    if name != "__version__":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib.metadata import version  # takes longer than all of `--help`

    return version("netbox-pdns")
