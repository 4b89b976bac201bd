"""New zones, served whole or not at all.

What fits into one request is made by one. Else the zone begins as a secondary without an SOA, for which PowerDNS answers
REFUSED; it is filled batch by batch, and gets its kind and then its SOA last. A run that is broken off leaves such a zone,
and the next one finishes it (`netbox_pdns.planning.zone_plan.half_made`).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from netbox_pdns.dns.rrset import RRset
from netbox_pdns.errors import ConflictError, TransientError
from netbox_pdns.planning.values import ZonePlan
from netbox_pdns.powerdns import encoding
from netbox_pdns.powerdns.client import PowerDNSClient, RejectedError, TooLargeError
from netbox_pdns.powerdns.forms import Form
from netbox_pdns.powerdns.ownership import must_be_ours
from netbox_pdns.powerdns.refusals import refused_record
from netbox_pdns.powerdns.upload import Upload
from netbox_pdns.resilience.together import off_the_loop
from netbox_pdns.settings import ZoneTemplate


@dataclass(frozen=True, slots=True)
class Creator:
    """Makes zones on one server. `limit` is the largest request in bytes, `form` how the server wants content."""

    client: PowerDNSClient
    mark: str
    limit: int
    form: Form

    async def create(self, plan: ZonePlan, template: ZoneTemplate) -> int:
        """Make the zone, or finish a half-made one of ours; return the number of requests with content."""
        begun = any(change.before is not None for change in plan.changes)
        needs_more = template.metadata or template.dnssec or template.catalog
        if not begun and not needs_more and await self._at_once(plan, template):
            return 1
        await self._begin(plan.zone)
        upload = await Upload.of(plan.zone, plan.changes, self.limit, self.form)
        while upload.cut:
            await upload.send_next(self.client, None)
        await self._serve(plan, template)
        return upload.sent + 1

    async def _at_once(self, plan: ZonePlan, template: ZoneTemplate) -> bool:
        """Make the zone by one request; False where it is too large for that, or begun already."""
        assert plan.soa is not None
        rrsets = [plan.soa, *(change.after for change in plan.changes if change.after)]
        parts = await off_the_loop(len(rrsets), self._one_request, rrsets)
        if parts is None:
            return False
        fields = {"name": plan.zone, "kind": template.kind, "account": self.mark}
        body = encoding.new_zone({**fields, "soa_edit_api": "", "api_rectify": True}, parts)
        try:
            await self._post(plan.zone, body)
        except TooLargeError:
            return False
        except RejectedError as error:
            if (refusal := refused_record(error.reason, plan.zone, plan.changes, self.form, own=error.own)) is None:
                return False  # which record it is shows when the zone is filled batch by batch
            raise refusal from error
        except ConflictError:
            await must_be_ours(self.client, plan.zone, self.mark)
            return False
        return True

    def _one_request(self, rrsets: Iterable[RRset]) -> list[bytes] | None:
        """Return *rrsets* encoded, None where they are too large for one request; no more are encoded then."""
        parts, size = [], encoding.ENVELOPE
        for rrset in rrsets:
            parts.append(encoding.created(rrset, self.form))
            size += len(parts[-1]) + 1
            if size > self.limit:
                return None
        return parts

    async def _post(self, zone: str, body: bytes) -> None:
        """Send what makes the zone, again after a lost answer: where the zone is there then, it was made."""
        lost = False

        async def once() -> None:
            nonlocal lost
            try:
                await self.client.create_zone(body)
            except TransientError:
                lost = True
                raise
            except ConflictError:
                if not lost:
                    raise
                await must_be_ours(self.client, zone, self.mark)

        await self.client.retried("create_zone", once)

    async def _begin(self, zone: str) -> None:
        """Make the zone as one that is not served yet; raises `ConflictError` where one is there that is served."""
        fields = {"name": zone, "kind": "Slave", "account": self.mark, "soa_edit_api": "", "api_rectify": False}
        try:
            await self._post(zone, encoding.new_zone({**fields, "nameservers": []}))
        except ConflictError as error:
            there = await must_be_ours(self.client, zone, self.mark)
            if there.serial:
                raise ConflictError(f"{zone} was made meanwhile", hint="the next run looks again") from error

    async def _serve(self, plan: ZonePlan, template: ZoneTemplate) -> None:
        """Give a filled zone what it is served with; with the SOA, which comes last and rectifies it, it is there."""
        assert plan.soa is not None
        for kind, values in template.metadata.items():
            await self.client.set_metadata(plan.zone, kind, values)
        fields: dict[str, object] = {"kind": template.kind, "api_rectify": True}
        if template.catalog:
            fields["catalog"] = template.catalog
        if template.dnssec:  # before it rectifies: without an SOA it cannot
            await self.client.update_zone(plan.zone, {"dnssec": True})
        await self.client.update_zone(plan.zone, fields)
        await self.client.patch_zone(plan.zone, encoding.patch([encoding.replaced(plan.soa, self.form)]))
