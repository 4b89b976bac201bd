"""The service's HTTP side with stand-ins for all that it stands on, which remember what they were asked."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import structlog
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.testclient import TestClient
from structlog.testing import LogCapture

from netbox_pdns.dns.rrset import RRset
from netbox_pdns.errors import ConflictError, DataError, NetboxPdnsError
from netbox_pdns.planning.values import Change, Held, HoldReason, LeftOut
from netbox_pdns.redaction import Secrets
from netbox_pdns.service.app import create_app
from netbox_pdns.service.auth import Access, Guesses, Patience
from netbox_pdns.service.context import Service
from netbox_pdns.service.ports import ServiceParts, ZoneEvent
from netbox_pdns.settings.service import ServiceOptions
from netbox_pdns.sync.board import Board, Condition, QueueState, TargetState, TriggerState, ZoneState
from netbox_pdns.sync.explanation import Explanation
from netbox_pdns.sync.hints import Cause, Depth, Hint, Trigger

KEY = "key-0d6f1c7bb1a14f64"
SECRET = "webhook-5b2f7d0a9f3c"
NOW = 1_705_314_600.0
"""2024-01-15T10:30:00Z."""


@dataclass
class RememberedHints:
    """Hints that go nowhere."""

    zones: list[Hint] = field(default_factory=list)
    passes: list[tuple[Depth, Cause, str | None]] = field(default_factory=list)

    def look(self, hint: Hint) -> None:
        """Remember it."""
        self.zones.append(hint)

    def look_everywhere(self, depth: Depth, cause: Cause, target: str | None = None) -> None:
        """Remember it."""
        self.passes.append((depth, cause, target))


@dataclass(frozen=True)
class KeptReceipt:
    """A receipt, as a store keeps it."""

    id: str
    target: str = "pdns"
    zone: str = "example.com."
    action: str = "updated"
    applied: float = NOW
    created: int = 1
    changed: int = 0
    deleted: int = 0
    serial: int | None = 8
    causes: tuple[Cause, ...] = (Cause(Trigger.WEBHOOK, NOW - 1, NOW - 2, "ada", "r-1"),)
    edited: float | None = NOW - 2
    served: float | None = NOW + 0.25
    summary: tuple[str, ...] = ("+ www.example.com. A 192.0.2.1",)


@dataclass(frozen=True)
class KeptPage:
    """Some receipts."""

    receipts: Sequence[KeptReceipt]
    following: str | None


@dataclass
class KeptReceipts:
    """Receipts in memory, numbered from the oldest."""

    receipts: list[KeptReceipt] = field(default_factory=list)
    error: NetboxPdnsError | None = None

    async def page(self, *, before: str | None, limit: int, target: str | None, zone: str | None) -> KeptPage:
        """Return a page."""
        if self.error is not None:
            raise self.error
        if before is not None and not (before.isascii() and before.isdecimal() and len(before) < 10):
            raise DataError("that is no cursor of this list")
        found = [
            each
            for each in reversed(self.receipts)
            if (before is None or int(each.id) < int(before))
            and target in (None, each.target)
            and zone in (None, each.zone)
        ]
        page = found[:limit]
        return KeptPage(page, page[-1].id if len(found) > limit else None)


_SHARED: list[FastAPI] = []


@dataclass
class Stage:
    """The application, and what it stands on."""

    board: Board
    hints: RememberedHints
    receipts: KeptReceipts
    service: Service
    log: LogCapture
    bodies: list[bytes]
    accepted: list[bool] = field(default_factory=list)

    @contextmanager
    def client(self, *, key: str | None = KEY, address: str = "192.0.2.7") -> Iterator[TestClient]:
        """Yield a client at *address* that shows *key*."""
        headers = {} if key is None else {"X-NetBox-PDNS-API-Key": key}
        with TestClient(self.app(), headers=headers, client=(address, 4711)) as client:
            yield client

    def app(self) -> FastAPI:
        """Return the application; building one takes a tenth of a second, so that those that may be share one."""
        if list(self.service.secrets):
            return create_app(self.service)
        if not _SHARED:
            _SHARED.append(create_app(self.service))
        _SHARED[0].state.service = self.service
        return _SHARED[0]


def sign(body: bytes, algorithm: str) -> str:
    """Return the signature of *body* by the stage's secret."""
    return hmac.new(SECRET.encode(), body, getattr(hashlib, algorithm)).hexdigest()


def stage(
    *,
    signed: bool = True,
    keys: Sequence[str] = (KEY,),
    secrets: Sequence[str] = (),
    patience: Patience | None = None,
    **options: Any,
) -> Stage:
    """Return a service with one target, one zone, and the given *options*."""
    board = filled_board()
    hints, receipts, bodies, accepted = RememberedHints(), KeptReceipts(), list[bytes](), list[bool]()
    log = LogCapture()

    def taken(header: str, algorithm: str, body: bytes, headers: Mapping[str, str]) -> int:
        if signed and not hmac.compare_digest(headers.get(header, ""), sign(body, algorithm)):
            raise ConflictError("the signature is not that of the body", hint="compare the two secrets")
        if b"}" not in body:
            raise DataError("the body is no JSON object") from ValueError("what the decoder said")
        bodies.append(body)
        return 1

    def take_webhook(body: bytes, headers: Mapping[str, str]) -> int:
        return taken("x-hook-signature", "sha512", body, headers)

    def take_compatible(event: ZoneEvent, body: bytes, headers: Mapping[str, str]) -> int:
        return taken("x-hub-signature-256", "sha256", body, headers)

    async def explain(name: str, type: str | None) -> Explanation:
        return Explanation(name, f"{name} is as wanted", True, (), ())

    async def accept_source() -> None:
        accepted.append(True)

    parts = ServiceParts(
        board=board,
        hints=hints,
        take_webhook=take_webhook,
        take_compatible=take_compatible,
        receipts=receipts,
        explain=explain,
        accept_source=accept_source,
    )
    service = Service(
        parts=parts,
        options=ServiceOptions(api_key=SecretStr(",".join(keys)) if keys else None, **options),
        access=Access(keys, Guesses(patience or Patience(), clock=lambda: 0.0)),
        secrets=Secrets(secrets),
        logger=structlog.wrap_logger(None, processors=[log], wrapper_class=structlog.stdlib.BoundLogger),
        webhooks_signed=signed,
    )
    return Stage(board, hints, receipts, service, log, bodies, accepted)


def filled_board() -> Board:
    """Return a board at `NOW` with one target and a zone that is well, its initial sync complete."""
    board = Board(clock=lambda: NOW, started=NOW - 15.3, last_sync=NOW)
    board.initial_sync.started = board.initial_sync.completed = True
    board.targets["pdns"] = TargetState("pdns", "http://pdns.example", QueueState(depth=1, active=1, oldest=0.5))
    board.triggers["feed"] = TriggerState("feed", working=True, last=NOW - 1, hints=4)
    board.note(zone_state("example.com."))
    return board


def zone_state(zone: str, target: str = "pdns", **fields: Any) -> ZoneState:
    """Return a zone as NetBox wants it, other than for *fields*."""
    well = {"condition": Condition.EQUAL, "view": "_default_", "url": "http://netbox/1/", "records": 3}
    return ZoneState(target, zone, **{**well, "source_serial": 7, "served_serial": 7, "looked_at": NOW - 3, **fields})


LEFT_OUT = LeftOut(
    "example.com.", "n.example.com.", "NULL", "\\# 1 00", "PowerDNS has no such type", 9, "http://netbox/9/"
)
HELD = Held(
    HoldReason.UNEXPLAINED,
    "example.com.",
    "4 of 9 records go",
    (Change(RRset("www.example.com.", "A", 60, ("192.0.2.1",)), None),),
)
