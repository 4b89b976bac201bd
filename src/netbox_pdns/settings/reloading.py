"""What a service at work takes of settings that were read again, and what waits for a restart: values and names, no more.

What is taken concerns looks, requests and times to come. A connection, a selection of zones or what is on the disk would
have to be exchanged under work in hand; those wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from pydantic import BaseModel

from netbox_pdns.planning.values import GuardLimits
from netbox_pdns.settings.layers import variable
from netbox_pdns.settings.loading import Settings
from netbox_pdns.settings.models import Selection, TargetSettings, ZoneTemplate

TAKEN: Mapping[str, tuple[str, ...]] = {
    "service": (
        "api_key",
        "tls_cert",
        "tls_key",
        "trusted_proxies",
        "status_needs_key",
        "metrics_needs_key",
        "metrics_by_zone",
        "body_bytes",
    ),
    "keeper": ("drift",),
    "triggers": ("sync_crontab", "drift_crontab", "timezone", "webhook_secret"),
    "mqtt": (),
}
"""What is taken of each section."""
TAKEN_OF_TARGETS = ("mode", "adopt", "unmanaged", "limits", "rules")
_NOT_OURS = {"remote_url", "remote_ca_file"}
"""What commands go by that call the service; the service itself does not."""
_OF_TLS = {"tls_cert", "tls_key"}

Section = TypeVar("Section", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Reread:
    """The `settings` that hold from now on, the names of those `taken`, and of those that differ and wait for a restart."""

    settings: Settings
    taken: tuple[str, ...]
    waiting: tuple[str, ...]


def reread(running: Settings, found: Settings) -> Reread:
    """Return what becomes of a service that goes by *running* where *found* is what is set by now."""
    merged = _merged(running, found)
    return Reread(merged, tuple(_differing(running, merged)), tuple(_differing(merged, found)))


def _merged(running: Settings, found: Settings) -> Settings:
    service = set(TAKEN["service"])
    if (running.service.tls_cert is None) != (found.service.tls_cert is None):
        service -= _OF_TLS  # whether it speaks TLS is decided once, where it begins to listen
    now = {target.name: target for target in found.targets}
    return replace(
        running,
        log_level=found.log_level,
        service=_with(running.service, found.service, service),
        keeper=_with(running.keeper, found.keeper, TAKEN["keeper"]),
        triggers=_with(running.triggers, found.triggers, TAKEN["triggers"]),
        targets=tuple(_with(each, now.get(each.name, each), TAKEN_OF_TARGETS) for each in running.targets),
    )


def _with(old: Section, new: Section, names: Iterable[str]) -> Section:
    return old.model_copy(update={name: getattr(new, name) for name in names})


def _differing(one: Settings, other: Settings) -> Iterator[str]:
    """Yield the names of the settings in which the two differ, each once."""
    yield from _unequal(dict(_named(one)), dict(_named(other)))
    ours, theirs = ({target.name: target for target in each.targets} for each in (one, other))
    for name in sorted(ours.keys() | theirs.keys()):
        if name in ours and name in theirs:
            flat = ours[name].flat
            yield from _unequal(dict(_of_target(ours[name], flat)), dict(_of_target(theirs[name], flat)))
        else:
            yield f"targets[{name}]"


def _unequal(one: Mapping[str, Any], other: Mapping[str, Any]) -> Iterator[str]:
    return (name for name in {**one, **other} if one.get(name) != other.get(name))


def _named(settings: Settings) -> Iterator[tuple[str, Any]]:
    for name in type(settings.netbox).model_fields:
        yield variable(f"nb_{name}"), getattr(settings.netbox, name)
    for name in ("instance", "data_dir", "removed_days", "log_level", "log_format"):
        yield variable(name), getattr(settings, name)
    for section in TAKEN:
        values = getattr(settings, section)
        for name in type(values).model_fields:
            if name not in _NOT_OURS:
                yield variable(name), getattr(values, name)


def _of_target(target: TargetSettings, flat: bool) -> Iterator[tuple[str, Any]]:
    """Yield what the operator calls each setting of a target, and its value; *flat* is that of the variables."""
    for field in type(target).model_fields:
        value = getattr(target, field)
        if field in {"name", "flat"}:
            continue
        if not flat:
            yield f"targets[{target.name}].{field}", value
        else:
            yield from _as_variables(field, value)


def _as_variables(field: str, value: Any) -> Iterator[tuple[str, Any]]:
    match value:
        case GuardLimits():
            for name in GuardLimits.__slots__:
                yield variable(name.replace("zones", "zones_deleted")), getattr(value, name)
        case Selection():
            for name in type(value).model_fields:
                yield variable("nb_ns_id" if name == "nameserver" else f"nb_{name}"), getattr(value, name)
        case ZoneTemplate():
            for name in ("kind", "catalog", "dnssec"):
                yield variable(f"template_{name}"), getattr(value, name)
            for kind, values in value.metadata.items():
                yield variable(f"template_{kind.replace('-', '_')}"), values
        case _ if field == "rules":
            yield field, value
        case _:
            yield variable(field if field in TAKEN_OF_TARGETS else f"pdns_{field}"), value
