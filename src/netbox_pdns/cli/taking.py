"""Takes webhooks: the signature is held against the body, the body read, the hints left. Nothing else is done yet."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import SecretStr

from netbox_pdns.errors import ConflictError
from netbox_pdns.service.ports import ZoneEvent
from netbox_pdns.sync.hints import Hints
from netbox_pdns.triggers import compatible, webhook
from netbox_pdns.triggers.signatures import is_signed
from netbox_pdns.triggers.zone_names import ZoneNames


@dataclass(slots=True)
class Webhooks:
    """Takes NetBox's own webhooks. The secret may be exchanged while it works."""

    secret: SecretStr | None
    hints: Hints
    names: ZoneNames

    def __call__(self, body: bytes, headers: Mapping[str, str]) -> int:
        """Leave the hints of *body*; raises `ConflictError` for a wrong signature, `DataError` for a bad body."""
        given = headers.get(webhook.SIGNATURE_HEADER.lower())
        if self.secret is not None and not is_signed(body, self.secret.get_secret_value(), given, "sha512"):
            raise _unsigned(webhook.SIGNATURE_HEADER)
        return webhook.leave_hints(webhook.read_webhook(body), self.hints, self.names, came=time.time())


@dataclass(slots=True)
class Compatible:
    """Takes calls of the older connector's interface. The secret may be exchanged while it works."""

    secret: SecretStr | None
    hints: Hints

    def __call__(self, event: ZoneEvent, body: bytes, headers: Mapping[str, str]) -> int:
        """Leave the hint of *body*; raises as `Webhooks` does."""
        given = compatible.signature_of(headers)
        if self.secret is not None and not is_signed(body, self.secret.get_secret_value(), given, "sha256"):
            raise _unsigned(compatible.SIGNATURE_HEADERS[0])
        self.hints.look(compatible.hint_of_body(body, came=time.time()))
        return 1


def _unsigned(header: str) -> ConflictError:
    return ConflictError(
        f"the signature ({header}) is not the body's",
        hint="whoever sends it and NETBOX_PDNS_WEBHOOK_SECRET need the same secret",
    )
