"""Changes on their way: cut into batches that the server takes, and cut again where it does not."""

from __future__ import annotations

from collections.abc import Sequence

from netbox_pdns.dns.rrset import RRset
from netbox_pdns.errors import DataError, RefusedRecord
from netbox_pdns.planning.batches import batches, removals_first
from netbox_pdns.planning.values import Change
from netbox_pdns.powerdns import encoding
from netbox_pdns.powerdns.client import PowerDNSClient, RejectedError, TooLargeError
from netbox_pdns.powerdns.forms import Form
from netbox_pdns.powerdns.refusals import refused_record
from netbox_pdns.resilience.together import off_the_loop

_SMALLEST_BATCH = 4096
_TOO_LARGE = "raise `webserver-max-bodysize` in pdns.conf, or what a proxy before it takes"
_SOA = "correct the zone's SOA fields in NetBox"


class Upload:
    """The changes of one zone, encoded once; `cut` are the batches that are still to be sent."""

    def __init__(self, zone: str, changes: Sequence[Change], limit: int, form: Form) -> None:
        self.zone = zone
        self.sent = 0
        self._form = form
        self._parts = {change.key: encoding.changed(change, form) for change in changes}
        self._limit = limit - encoding.ENVELOPE
        self.cut = self._batches(changes)

    @classmethod
    async def of(cls, zone: str, changes: Sequence[Change], limit: int, form: Form) -> Upload:
        """Encode *changes* in *form* off the event loop, and cut them into requests of at most *limit* bytes."""
        return await off_the_loop(len(changes), cls, zone, changes, limit, form)

    @property
    def at_last(self) -> bool:
        """Tell whether one batch at most is left."""
        return len(self.cut) <= 1

    async def send_next(self, client: PowerDNSClient, soa: RRset | None) -> bool:
        """Send the next batch, *soa* last in it; False where nothing was applied and smaller ones are to be tried.

        Raises `RefusedRecord` for a record that the server does not take.
        """
        batch = self.cut[0] if self.cut else ()
        try:
            await client.patch_zone(self.zone, self._body(batch, soa))
        except TooLargeError as error:
            self._cut_smaller(error)
            return False
        except RejectedError as error:
            if soa is not None and refused_record(error.reason, self.zone, [Change(None, soa)], self._form):
                raise DataError(f"{self.zone}: PowerDNS refuses the SOA: {error.reason}", hint=_SOA) from error
            self._halve(batch, error)
            return False
        self.cut, self.sent = self.cut[1:], self.sent + 1
        return True

    def _body(self, batch: Sequence[Change], soa: RRset | None) -> bytes:
        parts = [self._parts[change.key] for change in batch]
        return encoding.patch(parts if soa is None else [*parts, encoding.replaced(soa, self._form)])

    def _cut_smaller(self, error: TooLargeError) -> None:
        """Cut what is left into batches of half the size; an RRset that is too large by itself is refused."""
        left = tuple(change for batch in self.cut for change in batch)
        if len(self.cut[0] if self.cut else ()) <= 1 or self._limit <= _SMALLEST_BATCH:
            raise self._too_large(left) from error
        self._limit //= 2
        self.cut = self._batches(left)

    def _too_large(self, left: Sequence[Change]) -> DataError:
        if not left or left[0].after is None or self._limit <= _SMALLEST_BATCH:
            return DataError(f"{self.zone}: the server takes no request of {self._limit} bytes", hint=_TOO_LARGE)
        name, type = left[0].key
        reason = f"the RRset alone is larger than the server takes ({len(self._parts[name, type])} bytes)"
        return RefusedRecord(reason, zone=self.zone, name=name, type=type, rdata=None, hint=_TOO_LARGE)

    def _halve(self, batch: Sequence[Change], error: RejectedError) -> None:
        """Cut the refused batch in two, to find out what in it is refused; raises it where that is plain.

        The halves are batches like others, so the one that is taken carries a serial of its own.
        """
        units = batches(batch, lambda _: 1, 1)
        alone = len(units) <= 1
        if refusal := refused_record(error.reason, self.zone, batch, self._form, own=error.own, alone=alone):
            raise refusal from error
        if alone:
            raise DataError(f"{self.zone}: PowerDNS refuses the change: {error.reason}", hint=error.hint) from error
        half = len(units) // 2
        halves = (_joined(units[:half]), _joined(units[half:]))
        self.cut = (*halves, *self.cut[1:])

    def _batches(self, changes: Sequence[Change]) -> tuple[tuple[Change, ...], ...]:
        return batches(changes, lambda change: len(self._parts[change.key]) + 1, self._limit)


def _joined(units: Sequence[tuple[Change, ...]]) -> tuple[Change, ...]:
    return removals_first(change for unit in units for change in unit)
