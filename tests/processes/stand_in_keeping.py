"""Stand-ins in the place of the keeper. Their work in hand takes `STAND_IN_WORK` seconds to end."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from service_stage import stage
from structlog.typing import FilteringBoundLogger

from netbox_pdns.service.ports import ServiceParts
from netbox_pdns.settings import Settings


@asynccontextmanager
async def open_service(settings: Settings, logger: FilteringBoundLogger) -> AsyncIterator[ServiceParts]:
    """Yield stand-ins."""
    yield stage().service.parts
    await asyncio.sleep(float(os.environ.get("STAND_IN_WORK", "0")))
