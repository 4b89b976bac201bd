"""What differs between PowerDNS servers, from their version and configuration."""

from __future__ import annotations

import pytest

from netbox_pdns.powerdns.capabilities import Capabilities, Release, capabilities, release_of, untested


@pytest.mark.parametrize(
    ("version", "release"),
    [
        pytest.param("4.7.3", (4, 7), id="a-release"),
        pytest.param("5.1.0-beta1", (5, 1), id="before-a-release"),
        pytest.param("4.10.0", (4, 10), id="two-digits"),
        pytest.param("0.0.12345.gabcdef", None, id="a-build-of-the-day"),
        pytest.param("git", None, id="a-word"),
        pytest.param("", None, id="nothing"),
    ],
)
def test_the_release_is_read_from_the_version(version: str, release: Release | None) -> None:
    """Its first two numbers tell what the server knows."""
    assert release_of(version) == release


@pytest.mark.parametrize(
    ("version", "said"),
    [
        ("4.7.3", None),
        ("4.9.18", None),
        ("5.1.5", None),
        ("4.6.4", "4.6 is older than all that were tested (4.7, 4.9 and 5.1)"),
        ("4.8.4", "4.8 was never tested; 4.7, 4.9 and 5.1 were"),
        ("6.0.1", "6.0 is younger than all that were tested (4.7, 4.9 and 5.1)"),
        ("0.0.12345", "0.0.12345 is no release; 4.7, 4.9 and 5.1 were tested"),
        ("", "a version that it does not tell is no release; 4.7, 4.9 and 5.1 were tested"),
    ],
)
def test_a_release_that_was_never_tested_is_named_in_words(version: str, said: str | None) -> None:
    """The words tell what was tested instead."""
    assert untested(version) == said


@pytest.mark.parametrize(
    ("configuration", "expected"),
    [
        pytest.param({}, Capabilities((4, 9), None, rectifies_by_default=True), id="nothing-is-told"),
        pytest.param(
            {"webserver-max-bodysize": "2", "default-api-rectify": "yes"},
            Capabilities((4, 9), 2 * 1024 * 1024, rectifies_by_default=True),
            id="as-it-is-installed",
        ),
        pytest.param(
            {"webserver-max-bodysize": "", "default-api-rectify": "no"},
            Capabilities((4, 9), None, rectifies_by_default=False),
            id="rectification-off",
        ),
        pytest.param({"launch": "gsqlite3"}, Capabilities((4, 9), one_change_at_a_time=True), id="sqlite"),
        pytest.param(
            {"launch": "bind,gsqlite3:main"}, Capabilities((4, 9), one_change_at_a_time=True), id="sqlite-too"
        ),
        pytest.param({"launch": "gpgsql"}, Capabilities((4, 9)), id="postgresql"),
    ],
)
def test_the_configuration_tells_limits_and_defaults(configuration: dict[str, str], expected: Capabilities) -> None:
    """What a server does not tell is as PowerDNS ships it."""
    assert capabilities("4.9.18", configuration) == expected
