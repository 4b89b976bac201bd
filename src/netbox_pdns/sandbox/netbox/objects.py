"""What the sandbox's NetBox holds: frozen values, of which a change makes a new one.

The change log keeps the values themselves, so an entry costs two references. They refer to each other by id alone, never
form a cycle, and are left out of Python's garbage collection: a million records are to be held.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeAlias

import dns.exception
import dns.name
import msgspec

ZONE_ACTIVE = frozenset({"active", "dynamic"})
"""Statuses of a zone that count as active; the plugin's defaults, as all settings here."""
RECORD_ACTIVE = frozenset({"active"})


class Tag(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A tag."""

    id: int = 0
    name: str
    slug: str
    color: str = "9e9e9e"
    description: str = ""
    created: float = 0.0
    last_updated: float = 0.0


class Tenant(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A tenant."""

    id: int = 0
    name: str
    slug: str
    description: str = ""
    comments: str = ""
    tags: tuple[int, ...] = ()
    created: float = 0.0
    last_updated: float = 0.0


class View(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A view; exactly one is the default."""

    id: int = 0
    name: str
    default_view: bool = False
    description: str = ""
    comments: str = ""
    tags: tuple[int, ...] = ()
    tenant: int | None = None
    created: float = 0.0
    last_updated: float = 0.0


class Nameserver(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A nameserver; its name has no final dot."""

    id: int = 0
    name: str
    description: str = ""
    comments: str = ""
    tags: tuple[int, ...] = ()
    tenant: int | None = None
    created: float = 0.0
    last_updated: float = 0.0


class Zone(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A zone; its name has no final dot."""

    id: int = 0
    name: str
    view: int
    soa_mname: int
    soa_rname: str
    nameservers: tuple[int, ...] = ()
    status: str = "active"
    default_ttl: int = 86400
    soa_ttl: int = 86400
    soa_serial: int = 1
    soa_serial_auto: bool = True
    soa_refresh: int = 43200
    soa_retry: int = 7200
    soa_expire: int = 2419200
    soa_minimum: int = 3600
    rfc2317_prefix: str | None = None
    rfc2317_parent_managed: bool = False
    rfc2317_parent_zone: int | None = None
    description: str = ""
    comments: str = ""
    tags: tuple[int, ...] = ()
    tenant: int | None = None
    created: float = 0.0
    last_updated: float = 0.0

    @property
    def active(self) -> bool:
        """Whether the zone is in service."""
        return self.status in ZONE_ACTIVE


class Record(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A record; `fqdn` is absolute, `managed` ones are NetBox's own."""

    id: int = 0
    zone: int
    name: str
    type: str
    value: str
    fqdn: str = ""
    status: str = "active"
    ttl: int | None = None
    managed: bool = False
    disable_ptr: bool = False
    ptr_record: int | None = None
    rfc2317_cname_record: int | None = None
    description: str = ""
    comments: str = ""
    tags: tuple[int, ...] = ()
    tenant: int | None = None
    expiration_date: str | None = None
    created: float = 0.0
    last_updated: float = 0.0

    @property
    def is_address(self) -> bool:
        """Whether a PTR record may come of it."""
        return self.type in {"A", "AAAA"}


class Webhook(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Where event rules have requests sent to, and the secret that those are signed with."""

    id: int = 0
    name: str
    payload_url: str
    http_method: str = "POST"
    http_content_type: str = "application/json"
    additional_headers: str = ""
    body_template: str = ""
    secret: str = ""
    ssl_verification: bool = True
    ca_file_path: str | None = None
    timeout: int | None = None
    description: str = ""
    tags: tuple[int, ...] = ()
    created: float = 0.0
    last_updated: float = 0.0


class EventRule(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Which events are told to which webhook. Conditions are kept, and do not count."""

    id: int = 0
    name: str
    object_types: tuple[str, ...]
    event_types: tuple[str, ...]
    action_type: str = "webhook"
    action_object_type: str | None = None
    action_object_id: int | None = None
    enabled: bool = True
    conditions: Any = None
    description: str = ""
    tags: tuple[int, ...] = ()
    created: float = 0.0
    last_updated: float = 0.0


Object: TypeAlias = Tag | Tenant | View | Nameserver | Zone | Record | Webhook | EventRule


class Change(msgspec.Struct, frozen=True, gc=False):
    """An entry of the change log; `before` is None for what was made, and where NetBox took no note of it."""

    id: int
    time: float
    user: str
    request_id: str
    action: str
    kind: str
    object_id: int
    before: Object | None
    after: Object | None
    printed: str | None
    """The object as it was printed then; None for records, which print themselves."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of objects: what NetBox calls it, and where it is below `/api/`."""

    name: str
    app: str
    path: str
    title: str
    group: str
    page: str

    @property
    def type(self) -> str:
        """The object type as permissions and the change log write it."""
        return f"{self.app}.{self.name}"


TAG = Kind("tag", "extras", "extras/tags", "Tag", "Extras | tag", "extras/tags")
TENANT = Kind("tenant", "tenancy", "tenancy/tenants", "Tenant", "Tenancy | tenant", "tenancy/tenants")
VIEW = Kind("view", "netbox_dns", "plugins/netbox-dns/views", "View", "NetBox DNS | View", "plugins/netbox-dns/views")
NAMESERVER = Kind(
    "nameserver",
    "netbox_dns",
    "plugins/netbox-dns/nameservers",
    "NameServer",
    "NetBox DNS | Nameserver",
    "plugins/netbox-dns/nameservers",
)
ZONE = Kind("zone", "netbox_dns", "plugins/netbox-dns/zones", "Zone", "NetBox DNS | Zone", "plugins/netbox-dns/zones")
RECORD = Kind(
    "record", "netbox_dns", "plugins/netbox-dns/records", "Record", "NetBox DNS | Record", "plugins/netbox-dns/records"
)
WEBHOOK = Kind("webhook", "extras", "extras/webhooks", "Webhook", "Extras | webhook", "extras/webhooks")
EVENT_RULE = Kind("eventrule", "extras", "extras/event-rules", "EventRule", "Extras | event rule", "extras/event-rules")
CHANGE = Kind("objectchange", "core", "core/object-changes", "ObjectChange", "", "core/changelog")

KINDS = {kind.path: kind for kind in (TAG, TENANT, VIEW, NAMESERVER, ZONE, RECORD, WEBHOOK, EVENT_RULE, CHANGE)}
BY_NAME = {kind.name: kind for kind in KINDS.values()}


def printed_record(record: Record) -> str:
    """Return how NetBox prints a record: its absolute name in unicode, and its type."""
    return f"{to_unicode(record.fqdn.removesuffix('.'))} [{record.type}]"


def to_unicode(name: str) -> str:
    """Return the domain name with its labels in unicode; as it is where that cannot be."""
    if "xn--" not in name.lower() and "\\" not in name:
        return name
    try:
        return dns.name.from_text(name, origin=None).to_unicode()
    except (dns.exception.DNSException, UnicodeError):
        return name
