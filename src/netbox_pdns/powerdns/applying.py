"""Carrying a plan out: batches with growing serials, whole zones or none, one rectification, one NOTIFY.

Every PATCH that changes content carries the SOA with a serial greater than the last, the final one last, so that a crash
between two never leaves changed content under an old serial. A new zone that does not fit in one request is filled as a
secondary without an SOA, which is not served, and gets its kind and its SOA last.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from netbox_pdns.dns.rrset import RRset, with_serial
from netbox_pdns.dns.serial import serial_gt
from netbox_pdns.errors import ConflictError, DataError
from netbox_pdns.planning.batches import batches
from netbox_pdns.planning.serials import batch_serials
from netbox_pdns.planning.values import Applied, Change, ZonePlan
from netbox_pdns.powerdns.client import NotThereError, PowerDNSClient, RejectedError, TooLargeError
from netbox_pdns.powerdns.content import sent
from netbox_pdns.powerdns.refusals import refused_record
from netbox_pdns.powerdns.wire import ZoneWire
from netbox_pdns.settings import ZoneTemplate

_SMALLEST_BATCH = 4096
_ENVELOPE = 512
"""Bytes of a request around its RRsets: braces, and the SOA."""
_LONGEST_WAIT = 10.0


class _Upload:
    """Changes on their way, encoded once and cut into batches; smaller ones where the server asks for it."""

    def __init__(self, changes: Sequence[Change], limit: int) -> None:
        self.left = tuple(changes)
        self.sent = 0
        self._parts = {change.key: _changed(change) for change in changes}
        self._limit = limit - _ENVELOPE
        self.cut = self._cut()

    def took(self, batch: Sequence[Change]) -> None:
        """Note that the first batch is applied."""
        taken = {change.key for change in batch}
        self.left = tuple(change for change in self.left if change.key not in taken)
        self.cut, self.sent = self.cut[1:], self.sent + 1

    def cut_smaller(self) -> None:
        """Cut what is left into batches of half the size; raises `DataError` where one RRset alone is too large."""
        if self._limit <= _SMALLEST_BATCH or not self.cut or len(self.cut[0]) <= 1:
            raise DataError(
                f"{self.left[0].key[0] if self.left else 'the SOA'}: one RRset is larger than a request may be",
                hint="raise `webserver-max-bodysize` in pdns.conf",
            )
        self._limit //= 2
        self.cut = self._cut()

    def body(self, changes: Sequence[Change], soa: RRset | None) -> bytes:
        """Return the PATCH for some of the changes, with the SOA last."""
        parts = [self._parts[change.key] for change in changes]
        return _body(parts if soa is None else [*parts, _replaced(soa)])

    def _cut(self) -> tuple[tuple[Change, ...], ...]:
        return batches(self.left, lambda change: len(self._parts[change.key]) + 1, self._limit)


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes zones on one server. `limit` is the largest request in bytes."""

    client: PowerDNSClient
    mark: str
    limit: int

    async def create(self, plan: ZonePlan, template: ZoneTemplate) -> Applied:
        """Make a zone, served whole or not at all; a half-made one of ours is finished."""
        assert plan.soa is not None
        plain = not (template.metadata or template.dnssec or template.catalog)
        if (
            plain
            and all(change.before is None for change in plan.changes)
            and await self._create_at_once(plan, template)
        ):
            sent_batches = 1
        else:
            await self._shell(plan.zone)
            sent_batches = 1 + await self._fill(plan)
            await self._serve(plan, template)
        return Applied(plan.serial.final if plan.serial else None, sent_batches, await self._told(plan.zone))

    async def update(self, plan: ZonePlan) -> Applied:
        """Apply a plan's changes to a zone of ours; raises `ConflictError` where it is not ours (any more)."""
        zone = await self._ours(plan.zone)
        count = await self._change(plan, zone)
        after = await self.client.zone(plan.zone, content=False)
        notes = _growth_notes(zone, after)
        return Applied(after.edited_serial, count, (*notes, *await self._told(plan.zone)))

    async def adopt(self, plan: ZonePlan) -> Applied:
        """Write our mark on the zone, and nothing else."""
        await self.client.update_zone(plan.zone, {"account": self.mark})
        return Applied(None, 0)

    async def delete(self, plan: ZonePlan) -> Applied:
        """Delete a zone of ours."""
        try:
            await self._ours(plan.zone)
        except NotThereError:
            return Applied(None, 0)
        await self.client.delete_zone(plan.zone)
        return Applied(None, 0)

    async def _ours(self, name: str) -> ZoneWire:
        """Return the zone as it is now: whoever took it over since it was listed keeps it."""
        zone = await self.client.zone(name, content=False)
        if zone.account != self.mark:
            raise ConflictError(
                f"{name} is not ours any more: its account is {zone.account!r}",
                hint="the zone was taken over or made anew meanwhile; see `netbox-pdns zones`",
            )
        return zone

    async def _create_at_once(self, plan: ZonePlan, template: ZoneTemplate) -> bool:
        """Make the zone in one request; False where it is too large for that, or begun already."""
        assert plan.soa is not None
        parts = [_created(rrset) for change in plan.changes if (rrset := change.after)]
        if sum(map(len, parts)) + _ENVELOPE > self.limit:
            return False
        zone = {"name": plan.zone, "kind": template.kind, "account": self.mark, "soa_edit_api": "", "api_rectify": True}
        body = _with_rrsets(msgspec.json.encode(zone), [_created(plan.soa), *parts])
        try:
            await self.client.create_zone(body)
        except TooLargeError:
            return False
        except RejectedError as error:
            if (refusal := refused_record(str(error), plan.zone, plan.changes)) is None:
                return False  # which record it is shows when the zone is filled batch by batch
            raise refusal from error
        except ConflictError:
            await self._ours(plan.zone)
            return False
        return True

    async def _shell(self, name: str) -> None:
        zone = {"name": name, "kind": "Slave", "account": self.mark, "soa_edit_api": "", "api_rectify": False}
        try:
            await self.client.create_zone(msgspec.json.encode({**zone, "nameservers": []}))
        except ConflictError:
            await self._ours(name)

    async def _serve(self, plan: ZonePlan, template: ZoneTemplate) -> None:
        """Give a filled zone what it is served with; the SOA comes last, and with it the zone is there, whole."""
        assert plan.soa is not None
        for kind, values in template.metadata.items():
            await self.client.set_metadata(plan.zone, kind, values)
        fields: dict[str, object] = {"kind": template.kind, "api_rectify": True}
        if template.catalog:
            fields["catalog"] = template.catalog
        if template.dnssec:
            fields["dnssec"] = True
        await self.client.update_zone(plan.zone, fields)
        await self.client.patch_zone(plan.zone, _body([_replaced(plan.soa)]))

    async def _fill(self, plan: ZonePlan) -> int:
        """Send a new zone's content, which nobody is served yet; return the number of batches."""
        upload = await asyncio.to_thread(_Upload, plan.changes, self.limit)
        while upload.left:
            await self._send_next(plan.zone, upload, None)
        return upload.sent

    async def _change(self, plan: ZonePlan, zone: ZoneWire) -> int:
        """Send the changes of a zone that is served, each batch with its serial; return the number of batches."""
        assert plan.soa is not None
        assert plan.serial is not None
        step, served = plan.serial, zone.edited_serial
        upload = await asyncio.to_thread(_Upload, plan.changes, self.limit)
        while upload.left or not upload.sent:
            serial = batch_serials(step, max(1, len(upload.cut)))[0]
            await self._rectify_once(zone, first=not upload.sent, last=len(upload.cut) <= 1)
            await _until_it_grows(zone, served)
            if await self._send_next(plan.zone, upload, _soa(plan.soa, serial)):
                step, served = replace(step, observed=serial), serial
        return upload.sent

    async def _send_next(self, zone: str, upload: _Upload, soa: RRset | None) -> bool:
        """Send the next batch; False where it turned out too large, and smaller ones are cut."""
        batch = upload.cut[0] if upload.cut else ()
        try:
            await self._patch(zone, upload, batch, soa)
        except TooLargeError:
            upload.cut_smaller()
            return False
        upload.took(batch)
        return True

    async def _rectify_once(self, zone: ZoneWire, *, first: bool, last: bool) -> None:
        """Keep the server from rectifying the zone at every PATCH but the last.

        A crash in between leaves something to apply, and its last PATCH rectifies all of the zone.
        """
        if first and not last:
            await self.client.update_zone(zone.name, {"api_rectify": False})
        if last and (not zone.api_rectify or not first):
            await self.client.update_zone(zone.name, {"api_rectify": True})

    async def _patch(self, zone: str, upload: _Upload, changes: Sequence[Change], soa: RRset | None) -> None:
        try:
            await self.client.patch_zone(zone, upload.body(changes, soa))
        except RejectedError as error:
            refusal = refused_record(str(error), zone, changes)
            raise refusal or await self._found_by_halves(zone, upload, changes, soa, error) from error

    async def _found_by_halves(
        self, zone: str, upload: _Upload, changes: Sequence[Change], soa: RRset | None, error: RejectedError
    ) -> DataError:
        """Return which of *changes* the server refuses where its words do not tell: by asking for ever fewer.

        The half that is taken on the way carries the SOA like any batch; the next look sees it applied.
        """
        units = batches(changes, lambda change: 1, 1)
        if len(units) <= 1:
            return refused_record(str(error), zone, changes, alone=True) or DataError(f"{zone}: {error}")
        half = len(units) // 2
        for part in (units[:half], units[half:]):
            some = tuple(change for unit in part for change in unit)
            try:
                await self.client.patch_zone(zone, upload.body(some, soa))
            except RejectedError as inner:
                return refused_record(str(inner), zone, some) or await self._found_by_halves(
                    zone, upload, some, soa, inner
                )
        return DataError(f"{zone}: {error}", hint="its parts are taken one by one; the next run looks again")

    async def _told(self, name: str) -> tuple[str, ...]:
        try:
            await self.client.notify(name)
        except RejectedError as error:
            return (f"its secondaries were not told (NOTIFY): {error}",)
        return ()


async def _until_it_grows(zone: ZoneWire, served: int | None) -> None:
    """Where the server makes the serial from its clock (EPOCH), wait until that is past what is served."""
    if served is None or "EPOCH" not in {zone.soa_edit_api.upper(), zone.soa_edit.upper()}:
        return
    wait = served + 1 - time.time()
    if wait > _LONGEST_WAIT:
        raise DataError(
            f"{zone.name}: its served serial {served} is {wait:.0f} s ahead of the clock, and SOA-EDIT EPOCH cannot pass it",
            hint=f'set SOA-EDIT-API of the zone to "" (pdnsutil set-meta {zone.name} SOA-EDIT-API "")',
        )
    if wait > 0:
        await asyncio.sleep(wait)


def _growth_notes(before: ZoneWire, after: ZoneWire) -> tuple[str, ...]:
    if (
        before.edited_serial is None
        or after.edited_serial is None
        or serial_gt(after.edited_serial, before.edited_serial)
    ):
        return ()
    edit = f"SOA-EDIT {after.soa_edit}" if after.soa_edit else f"SOA-EDIT-API {after.soa_edit_api or 'unset'}"
    return (f"secondaries do not see this change: {edit} keeps the served serial at {after.edited_serial}",)


def _soa(soa: RRset, serial: int) -> RRset:
    return RRset.of(soa.name, "SOA", soa.ttl, (with_serial(soa.rdatas[0], serial),))


def _changed(change: Change) -> bytes:
    if change.after is not None:
        return _replaced(change.after)
    assert change.before is not None
    name, type = change.key
    shown = sent(type, change.before.rdatas[0])[0]
    return msgspec.json.encode({"name": name, "type": shown, "changetype": "DELETE"})


def _replaced(rrset: RRset) -> bytes:
    return msgspec.json.encode({**_rrset(rrset), "changetype": "REPLACE"})


def _created(rrset: RRset) -> bytes:
    return msgspec.json.encode(_rrset(rrset))


def _rrset(rrset: RRset) -> dict[str, object]:
    contents = [sent(rrset.type, rdata) for rdata in rrset.rdatas]
    return {
        "name": rrset.name,
        "type": contents[0][0],
        "ttl": rrset.ttl,
        "records": [{"content": content, "disabled": False} for _, content in contents],
    }


def _body(parts: Sequence[bytes]) -> bytes:
    return b'{"rrsets":[' + b",".join(parts) + b"]}"


def _with_rrsets(zone: bytes, parts: Sequence[bytes]) -> bytes:
    return zone[:-1] + b',"rrsets":[' + b",".join(parts) + b"]}"
