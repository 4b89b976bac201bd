"""The program, with stand-ins in the place of the keeper: `python serving_alone.py serve --port 0`."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

from netbox_pdns.cli import main


class _Keeping(ModuleType):
    """Loads the stand-ins when they are asked for, as the keeper is loaded."""

    def __getattr__(self, name: str) -> Any:
        if name != "open_service":
            raise AttributeError(name)
        return import_module("stand_in_keeping").open_service


if __name__ == "__main__":
    sys.modules["netbox_pdns.cli.keeping"] = _Keeping("netbox_pdns.cli.keeping")
    main()
