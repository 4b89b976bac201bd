"""Prints docs/settings.md, made of the same model that reads the settings."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from netbox_pdns.cli.exit_status import ExitStatus
from netbox_pdns.settings.layers import FILES, variable
from netbox_pdns.settings.loading import text_of
from netbox_pdns.settings.models import Selection, TargetSettings, ZoneRule, ZoneTemplate
from netbox_pdns.settings.options import SECTIONS

_HEAD = """# Settings

<!-- Made by `make docs` from the model that reads the settings; change it there. -->

Settings come from three places; the first that has one counts:

1. the environment: `NETBOX_PDNS_NB_URL`;
2. the file `.env` in the working directory, with the same names;
3. one TOML file, which `NETBOX_PDNS_CONFIG` names (in one of the two above), with the names in lower case and without the
   prefix: `nb_url = "https://netbox.example.com"`.

An empty variable counts as not set. Several values stand in one variable with commas between them; in TOML they may be a
list. A secret can also stand in a file of its own, which the same name with `_FILE` at its end names:
`NETBOX_PDNS_NB_TOKEN_FILE=/run/secrets/netbox`. A name that does not exist is an error, and is told with the nearest right
one. `netbox-pdns settings` lists all values in force and where each came from; secrets are never shown.
"""

_TARGETS = """## More targets

The variables above describe one PowerDNS. More of them are `[[targets]]` in the TOML file; without `NETBOX_PDNS_PDNS_URL`
and `NETBOX_PDNS_PDNS_TOKEN` these are all there are. `token_file` names a file with the key. What a target does not say of
time-outs, batches, mode, adopting, unmanaged content and limits is as the variables have it; selection and template are its
own.

    [[targets]]
    name = "internal"
    url = "https://pdns-internal.example.com:8081"
    token_file = "/run/secrets/pdns-internal"
    selection = { view = "internal", exclude = ["lab.*"] }
    template = { kind = "Primary", metadata = { ALSO-NOTIFY = ["192.0.2.53"] } }
    limits = { zones = 1 }
"""

_RULES = """## Exceptions by zone

`[[rules]]` say what differs for the zones that a pattern names, on every target; `rules` inside a target go before them. The
first that fits a zone counts.

    [[rules]]
    zone = "*.lab.example.com"
    unexplained = "remove"
    zones = 50
    zones_percent = 100

    [[rules]]
    zone = "example.com"
    mode = "observe"
"""


def page() -> str:
    """Return the page."""
    return "\n".join(_parts()).rstrip("\n") + "\n"


def _parts() -> Iterator[str]:
    yield _HEAD
    for section in SECTIONS:
        first, _, rest = (section.__doc__ or "").partition(": ")
        title, text = (first, rest) if rest else (first.rstrip("."), "")
        yield f"## {title}\n"
        if text:
            yield f"{text[:1].upper()}{text[1:]}\n"
        yield from _table(section, lambda name: variable(name) + (" (`_FILE`)" if name in FILES.values() else ""))
    yield _TARGETS
    yield from _table(TargetSettings, str, leave={"flat", "limits", "selection", "template", "rules"})
    yield "`selection`:\n"
    yield from _table(Selection, str)
    yield "`template`:\n"
    yield from _table(ZoneTemplate, str)
    yield (
        "`limits`: `unexplained`, `unexplained_records`, `unexplained_percent`, `emptied_rrsets`, and `zones`, "
        "`zones_percent` for what is `ZONES_DELETED`, `ZONES_DELETED_PERCENT` above.\n"
    )
    yield _RULES
    yield from _table(ZoneRule, str)
    yield "## Exit status\n"
    yield "| status | meaning |\n| --- | --- |"
    for status in ExitStatus:
        yield f"| {status.value} | {status.meaning} |"


def _table(model: type[BaseModel], written: Any, leave: frozenset[str] | set[str] = frozenset()) -> Iterator[str]:
    yield "| setting | default | meaning |\n| --- | --- | --- |"
    for name, option in model.model_fields.items():
        if name in leave:
            continue
        default = "*needed*" if option.is_required() else _code(text_of(option.get_default(call_default_factory=True)))
        names = f"`{written(name)}`".replace(" (`_FILE`)`", "`, also `_FILE`")
        yield f"| {names} | {default} | {_one_line(option.description)} |"
    yield ""


def _code(text: str) -> str:
    return f"`{text}`" if text else ""


def _one_line(text: str | None) -> str:
    return " ".join((text or "").split()).replace("|", "\\|")


if __name__ == "__main__":
    sys.stdout.write(page())
