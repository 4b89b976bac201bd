"""Carrying a plan out: batches with growing serials, one rectification, one NOTIFY.

Every PATCH that changes content carries the SOA with a serial greater than the last, the final one last, so that a crash
between two never leaves changed content under an old serial.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from netbox_pdns.dns.rrset import RRset, with_serial
from netbox_pdns.errors import ConflictError, TransientError
from netbox_pdns.planning.serials import batch_serials, next_serial
from netbox_pdns.planning.values import Applied, ZonePlan
from netbox_pdns.powerdns import encoding, rectifying
from netbox_pdns.powerdns.capabilities import Capabilities
from netbox_pdns.powerdns.client import NotThereError, PowerDNSClient, RejectedError
from netbox_pdns.powerdns.creating import Creator
from netbox_pdns.powerdns.growth import (
    grew,
    growth_notes,
    makes_its_own,
    served_serial,
    until_it_can_grow,
    until_it_grew,
)
from netbox_pdns.powerdns.ownership import must_be_as_seen, must_be_ours
from netbox_pdns.powerdns.upload import Upload
from netbox_pdns.powerdns.wire import ZoneWire
from netbox_pdns.settings import ZoneTemplate

_NOTIFYING = frozenset({"Primary", "Master"})
"""Kinds of zones that have secondaries; those of a Native zone have their copy from the database, or ask by themselves."""


@dataclass(frozen=True, slots=True)
class Writer:
    """Writes zones on one server. `limit` is the largest request in bytes."""

    client: PowerDNSClient
    mark: str
    limit: int
    server: Capabilities

    async def create(self, plan: ZonePlan, template: ZoneTemplate) -> Applied:
        """Make a zone, served whole or not at all; a half-made one of ours is finished."""
        assert plan.serial is not None
        count = await Creator(self.client, self.mark, self.limit, self.server.form).create(plan, template)
        return Applied(plan.serial.final, count, await self._told(plan.zone, template.kind))

    async def update(self, plan: ZonePlan) -> Applied:
        """Apply a plan's changes to a zone of ours; raises `ConflictError` where it is not ours (any more)."""
        before = await must_be_ours(self.client, plan.zone, self.mark)
        upload = await Upload.of(plan.zone, plan.changes, self.limit, self.server.form)
        owed = await rectifying.before_change(
            self.client,
            before,
            needed=plan.rectify,
            many=not upload.at_last,
            rrsets=plan.rrsets_there,
            by_default=self.server.rectifies_by_default,
        )
        await self._send(plan, before, upload)
        if owed:
            await rectifying.make_good(self.client, plan.zone)
        after = await self._grown(plan, before)
        notes = (*growth_notes(before, after), *await self._told(plan.zone, before.kind))
        return Applied(served_serial(after), upload.sent, notes)

    async def adopt(self, plan: ZonePlan) -> Applied:
        """Write our mark on the zone, and nothing else; raises `ConflictError` where others took it since the plan."""
        await must_be_as_seen(self.client, plan.zone, plan.account_before)
        await self.client.update_zone(plan.zone, {"account": self.mark})
        return Applied(None, 0)

    async def delete(self, plan: ZonePlan) -> Applied:
        """Delete a zone of ours; one that is gone is as good."""
        try:
            await must_be_ours(self.client, plan.zone, self.mark)
        except ConflictError as error:
            if isinstance(error.__cause__, NotThereError):
                return Applied(None, 0)
            raise
        await self.client.delete_zone(plan.zone)
        return Applied(None, 0)

    async def _send(self, plan: ZonePlan, zone: ZoneWire, upload: Upload) -> None:
        """Send the changes of a zone, each batch with its serial; one without an SOA gets it last, and is served then."""
        assert plan.soa is not None
        assert plan.serial is not None
        step, now, served = plan.serial, zone, plan.serial.observed is not None
        while upload.cut or not upload.sent:
            serial = batch_serials(step, max(1, len(upload.cut)))[0]
            await until_it_can_grow(now)
            soa = _soa(plan.soa, serial) if served or upload.at_last else None
            if await upload.send_next(self.client, soa) and served:
                now = await self.client.zone(plan.zone, content=False) if makes_its_own(now) else now
                step = replace(step, observed=served_serial(now) if makes_its_own(now) else serial)

    async def _grown(self, plan: ZonePlan, before: ZoneWire) -> ZoneWire:
        """Return the zone after a change; where its serial did not grow, after one more try with the very next one.

        Two changes in one second of the server's clock need it (SOA-EDIT-API EPOCH), and serials past 2**31 that a rule
        sets back to a date.
        """
        after = await until_it_grew(self.client, before)
        if grew(before, after):
            return after
        assert plan.soa is not None
        await until_it_can_grow(after)
        soa = _soa(plan.soa, next_serial(None, served_serial(before)).final)
        await self.client.patch_zone(plan.zone, encoding.patch([encoding.replaced(soa, self.server.form)]))
        return await until_it_grew(self.client, before)

    async def _told(self, name: str, kind: str) -> tuple[str, ...]:
        """Have the secondaries told (RFC 1996). What is applied stays so: where it fails, the operator is told instead.

        PowerDNS looks the nameservers' addresses up before it answers, which takes seconds where they cannot be found.
        """
        if kind not in _NOTIFYING:
            return ()
        try:
            await self.client.notify(name)
        except (RejectedError, TransientError, NotThereError) as error:
            return (f"its secondaries were not told (NOTIFY): {error}",)
        return ()


def _soa(soa: RRset, serial: int) -> RRset:
    return RRset.of(soa.name, "SOA", soa.ttl, (with_serial(soa.rdatas[0], serial),))
