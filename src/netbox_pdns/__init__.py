"""Keeps PowerDNS Authoritative servers equal to what NetBox DNS holds."""

from importlib.metadata import version

__version__ = version("netbox-pdns")
