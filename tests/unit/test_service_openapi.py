"""The OpenAPI description is right: what it allows is answered as it says, what it forbids is refused as it says."""

from __future__ import annotations

import pytest
import schemathesis
from hypothesis import HealthCheck, settings
from service_stage import HELD, KEY, LEFT_OUT, KeptReceipt, stage, zone_state

from netbox_pdns.service.app import create_app
from netbox_pdns.service.auth import Patience

_STAGE = stage(patience=Patience(guesses=1_000_000))
_STAGE.board.note(zone_state("0/28.2.0.192.in-addr.arpa.", left_out=(LEFT_OUT,), held=(HELD,), error="no", attempts=1))
_STAGE.receipts.receipts.extend(KeptReceipt(str(number)) for number in range(3))
_APP = create_app(_STAGE.service)
_ENDLESS = "/api/v1/events"
"""Its answer has no end; it has tests of its own."""
_HEADERS = {"X-NetBox-PDNS-API-Key": KEY}
_SCHEMA = schemathesis.openapi.from_asgi("/openapi.json", _APP, headers=_HEADERS).exclude(path=_ENDLESS)


@_SCHEMA.parametrize()
@settings(max_examples=8, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
def test_some_requests(case: schemathesis.Case) -> None:
    """Whatever is sent, the answer is one that is described, in the shape that is described."""
    case.call_and_validate(headers=_HEADERS)


@pytest.mark.full
@_SCHEMA.parametrize()
@settings(max_examples=500, deadline=None, database=None, suppress_health_check=list(HealthCheck))
def test_many_requests(case: schemathesis.Case) -> None:
    """The same, hundreds of times a route, by chance."""
    case.call_and_validate(headers=_HEADERS)
