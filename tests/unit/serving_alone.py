"""The program, with stand-ins in the place of the keeper: `python serving_alone.py serve --port 0`.

Its work in hand takes `STAND_IN_WORK` seconds to end, its keeper ended long ago where `STAND_IN_DEAD` is set.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import ModuleType

from service_stage import stage
from structlog.typing import FilteringBoundLogger

from netbox_pdns.cli import main
from netbox_pdns.service.ports import ServiceParts
from netbox_pdns.settings import Settings


@asynccontextmanager
async def open_service(settings: Settings, logger: FilteringBoundLogger) -> AsyncIterator[ServiceParts]:
    """Yield stand-ins."""
    yield stage().service.parts
    await asyncio.sleep(float(os.environ.get("STAND_IN_WORK", "0")))


if __name__ == "__main__":
    keeping = ModuleType("netbox_pdns.cli.keeping")
    keeping.open_service = open_service  # type: ignore[attr-defined]
    sys.modules[keeping.__name__] = keeping
    main()
