"""What one PowerDNS server is and does, found out by asking it; whatever differs by version or set-up is decided here.

What was tested, and what differs, is listed in docs/compatibility.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from netbox_pdns.errors import ConfigurationError
from netbox_pdns.powerdns.client import PowerDNSClient
from netbox_pdns.powerdns.forms import SINCE_51, UP_TO_50, Form
from netbox_pdns.resilience.together import both

Release = tuple[int, int]
"""The first two numbers of a version: (4, 9) for 4.9.18."""

TESTED: tuple[Release, ...] = ((4, 7), (4, 9), (5, 1))
"""The releases that the tests ran against, the oldest first."""

_MEGABYTE = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Capabilities:
    """What differs between servers.

    `release` is None where the server does not tell it, or runs a build without one. `body_limit` is the largest request
    in bytes, None where the server does not tell. `rectifies_by_default` is what it does with a zone that has no
    API-RECTIFY of its own. `one_change_at_a_time` tells of a backend on SQLite: of two changes side by side it refuses one
    ("database is locked", 500), since both read before they write.
    """

    release: Release | None = None
    body_limit: int | None = None
    rectifies_by_default: bool = True
    one_change_at_a_time: bool = False

    @property
    def form(self) -> Form:
        """How content is sent; a server that does not tell its release is taken for one up to 5.0."""
        return SINCE_51 if self.release is not None and self.release >= (5, 1) else UP_TO_50


def capabilities(version: str, configuration: Mapping[str, str]) -> Capabilities:
    """Return what *version* and *configuration* mean; what is not in them is PowerDNS's default."""
    megabytes = configuration.get("webserver-max-bodysize", "")
    return Capabilities(
        release=release_of(version),
        body_limit=int(megabytes) * _MEGABYTE if megabytes.isdecimal() else None,
        rectifies_by_default=configuration.get("default-api-rectify", "yes") not in {"no", "off", "false", "0"},
        one_change_at_a_time="sqlite" in configuration.get("launch", ""),
    )


def release_of(version: str) -> Release | None:
    """Return the release of a version like `4.9.18` or `5.1.0-beta1`, None for a build that has none (`0.0.1234.g1a2b`)."""
    numbers = version.split(".")
    if len(numbers) < 2 or not (numbers[0].isdecimal() and numbers[1].isdecimal()) or int(numbers[0]) == 0:
        return None
    return int(numbers[0]), int(numbers[1])


async def asked_capabilities(client: PowerDNSClient) -> Capabilities:
    """Ask the server; where a filter before the API shows less, that is as if the server did not tell."""
    return capabilities(*await both(_version(client), _configuration(client)))


async def _version(client: PowerDNSClient) -> str:
    try:
        return (await client.server()).version
    except ConfigurationError:
        return ""


async def _configuration(client: PowerDNSClient) -> Mapping[str, str]:
    try:
        return await client.configuration()
    except ConfigurationError:
        return {}


def untested(version: str) -> str | None:
    """Return in words how *version* stands to what was tested, None where its release was."""
    release = release_of(version)
    if release in TESTED:
        return None
    *others, last = (f"{major}.{minor}" for major, minor in TESTED)
    known = f"{', '.join(others)} and {last}"
    if release is None:
        return f"{version or 'a version that it does not tell'} is no release; {known} were tested"
    name = f"{release[0]}.{release[1]}"
    if release < TESTED[0]:
        return f"{name} is older than all that were tested ({known})"
    if release > TESTED[-1]:
        return f"{name} is younger than all that were tested ({known})"
    return f"{name} was never tested; {known} were"
