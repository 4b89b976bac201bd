"""Starts netbox-pdns as a module: ``python -m netbox_pdns``."""

from netbox_pdns.cli import main

main()
