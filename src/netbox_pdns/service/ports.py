"""What the service's HTTP side stands on: small protocols and values, made by whoever wires the service.

Nothing here does work of its own: routes read the board, leave hints, and ask these.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, Protocol, TypeAlias

from netbox_pdns.service.documents import MqttState, SchedulerState, StoreState
from netbox_pdns.service.events import EventBus
from netbox_pdns.service.metrics import Metrics
from netbox_pdns.settings import Settings
from netbox_pdns.sync.board import Board
from netbox_pdns.sync.explanation import Explanation
from netbox_pdns.sync.hints import Hints

ZoneEvent: TypeAlias = Literal["create", "update", "delete"]
"""What the older connector's interface says of a zone; to us each means: look at it."""


class TakeWebhook(Protocol):
    """Takes a webhook of NetBox's own."""

    def __call__(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Leave the hints of *body* and return how many; nothing else is done yet. Header names are in lower case.

        Raises `ConflictError` where the signature is not the body's, `DataError` where the body cannot be read.
        """


class TakeCompatible(Protocol):
    """Takes a call of the older connector's interface."""

    def __call__(self, event: ZoneEvent, body: bytes, headers: Mapping[str, str]) -> int:
        """Leave the hints of *body* and return how many, as `TakeWebhook` does."""


class Cause(Protocol):
    """Why a change was made; times in seconds since 1970."""

    @property
    def trigger(self) -> str:
        """What told."""

    @property
    def came(self) -> float:
        """When it told."""

    @property
    def edited(self) -> float | None:
        """When the edit was made in NetBox."""

    @property
    def user(self) -> str:
        """Who made the edit."""

    @property
    def request(self) -> str:
        """NetBox's id of the request that made the edit."""


class Receipt(Protocol):
    """One change that was applied: what, why, and when; times in seconds since 1970, counts of RRsets."""

    @property
    def id(self) -> str:
        """Tells receipts apart."""

    @property
    def target(self) -> str:
        """The target's name."""

    @property
    def zone(self) -> str:
        """The zone's canonical name."""

    @property
    def action(self) -> str:
        """What became of the zone."""

    @property
    def applied(self) -> float:
        """When it was written."""

    @property
    def created(self) -> int:
        """RRsets that came."""

    @property
    def changed(self) -> int:
        """RRsets that changed."""

    @property
    def deleted(self) -> int:
        """RRsets that went."""

    @property
    def serial(self) -> int | None:
        """The serial that is served since."""

    @property
    def causes(self) -> Sequence[Cause]:
        """All that led to it."""

    @property
    def edited(self) -> float | None:
        """When the first of its edits was made."""

    @property
    def served(self) -> float | None:
        """When DNS showed it."""

    @property
    def summary(self) -> Sequence[str]:
        """Its first RRsets, a line each."""


class ReceiptPage(Protocol):
    """Some receipts, newest first."""

    @property
    def receipts(self) -> Sequence[Receipt]:
        """The receipts."""

    @property
    def following(self) -> str | None:
        """What asks for those after them, None where there are none."""


class Receipts(Protocol):
    """The receipts of changes."""

    async def page(self, *, before: str | None, limit: int, target: str | None, zone: str | None) -> ReceiptPage:
        """Return at most *limit* receipts, newest first, older than *before*, of one *target* and *zone* where given.

        Raises `TransientError` where the store does not answer in time.
        """


class StoreHealth(Protocol):
    """How it stands with the store."""

    @property
    def ok(self) -> bool:
        """Whether what is to be remembered gets onto the disk."""

    @property
    def detail(self) -> str:
        """What is wrong."""

    @property
    def behind(self) -> int:
        """Writes that wait."""

    @property
    def lost(self) -> int:
        """Writes that were given up since the start."""

    @property
    def persistent(self) -> bool:
        """Whether it outlives the process."""


def _alive() -> bool:
    return True


def _nothing() -> None:
    pass


def _as_before(settings: Settings) -> None:
    pass


@dataclass(frozen=True, slots=True)
class ServiceParts:
    """Everything that the HTTP side needs of the rest. What is a function here is asked anew each time; none blocks.

    `accept_source` takes NetBox as it is now, where everything is held because it went back. `alive` tells whether the
    keeper still works: where it does not, the process is to be started anew. `stop` has nothing more begun, at once.
    `reload` has what is begun from now on go by other settings, of which those that need a restart are as they were.
    """

    board: Board
    hints: Hints
    take_webhook: TakeWebhook
    take_compatible: TakeCompatible
    receipts: Receipts
    explain: Callable[[str, str | None], Awaitable[Explanation]]
    accept_source: Callable[[], Awaitable[None]]
    mqtt: Callable[[], MqttState] = MqttState
    scheduler: Callable[[], SchedulerState] = SchedulerState
    store: Callable[[], StoreHealth] = StoreState
    alive: Callable[[], bool] = _alive
    stop: Callable[[], None] = _nothing
    reload: Callable[[Settings], None] = _as_before
    events: EventBus = field(default_factory=EventBus)
    metrics: Metrics = field(default_factory=Metrics)
