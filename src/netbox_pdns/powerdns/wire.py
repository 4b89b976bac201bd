"""The JSON of PowerDNS's HTTP API, as far as we read it (https://doc.powerdns.com/authoritative/http-api/)."""

from __future__ import annotations

import msgspec


class Record(msgspec.Struct, frozen=True, gc=False):
    """One record of an RRset; `content` in PowerDNS's own form."""

    content: str
    disabled: bool = False


class RRsetWire(msgspec.Struct, frozen=True, gc=False):
    """One RRset. With comments of removed RRsets some backends list RRsets without records."""

    name: str
    type: str
    ttl: int = 0
    records: tuple[Record, ...] = ()


class ZoneWire(msgspec.Struct, frozen=True, gc=False):
    """A zone; `rrsets` only where they were asked for. A list, which `reading.observed` empties as it takes them up."""

    name: str
    kind: str
    account: str = ""
    serial: int = 0
    edited_serial: int | None = None
    dnssec: bool = False
    catalog: str = ""
    api_rectify: bool = False
    soa_edit: str = ""
    soa_edit_api: str = ""
    rrsets: list[RRsetWire] = []


class Metadata(msgspec.Struct, frozen=True):
    """One kind of a zone's metadata."""

    kind: str
    metadata: tuple[str, ...] = ()


class Setting(msgspec.Struct, frozen=True):
    """One line of the server's configuration."""

    name: str
    value: str = ""


class Server(msgspec.Struct, frozen=True):
    """The server itself."""

    id: str
    version: str = ""
    daemon_type: str = ""


class Failure(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What PowerDNS says in a 4xx or 5xx answer, and nothing else is in it."""

    error: str
    errors: tuple[str, ...] = ()
