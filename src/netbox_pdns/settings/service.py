"""What the operator can set of the service (`netbox-pdns serve`), one field a setting, as in `options`.

The one-shot commands take no notice of these, `sync --remote`, `status` and `watch` aside, which call the service.
"""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr

from netbox_pdns.settings.crontab import parsed, time_zone
from netbox_pdns.settings.models import Frozen, Seconds, Words, split


def _known_zone(name: str) -> str:
    time_zone(name)
    return name


Port = Annotated[int, Field(ge=0, le=65535)]
CronText = Annotated[str, AfterValidator(parsed)]
"""A cron expression; empty is never."""
ZoneName = Annotated[str, AfterValidator(_known_zone)]


def _networks(words: tuple[str, ...]) -> tuple[str, ...]:
    for word in words:
        try:
            ip_network(word)
        except ValueError as error:
            raise ValueError(f"{word!r} is neither an address nor a network, like 192.0.2.1 or 10.0.0.0/8") from error
    return words


Networks = Annotated[Words, AfterValidator(_networks)]
"""Addresses and networks; in a variable with commas between them."""


class ServiceOptions(Frozen):
    """The service's HTTP side."""

    listen_host: str = "127.0.0.1"
    """The address that the service listens on."""
    listen_port: Port = 8000
    """The port that the service listens on; 0 takes a free one."""
    api_key: SecretStr | None = None
    """The key that callers show (header `X-NetBox-PDNS-API-Key`, or `Authorization: Bearer`); several with commas between \
them while one takes the other's place. Needed to listen on anything but the loopback."""
    tls_cert: Path | None = None
    """PEM certificate, with its chain, for HTTPS; read again on SIGHUP."""
    tls_key: Path | None = None
    """PEM key of that certificate."""
    trusted_proxies: Networks = ()
    """Addresses and networks of proxies whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed."""
    status_needs_key: bool = False
    """Whether `/status` and `/mqtt/status` are shown to those with a key alone."""
    metrics_needs_key: bool = False
    """Whether `/metrics` is shown to those with a key alone."""
    metrics_by_zone: bool = False
    """Whether some metrics have the zone as a label: many zones make many series."""
    body_bytes: Annotated[int, Field(ge=10_000)] = 4_000_000
    """How large a request to the service may be."""
    remote_url: str | None = None
    """Where `sync --remote`, `status` and `watch` find the service; by default its own host and port."""
    remote_ca_file: Path | None = None
    """PEM certificates of the authority that signed the service's certificate; the system's own are trusted too."""

    @property
    def api_keys(self) -> tuple[str, ...]:
        """Return the keys, each by itself."""
        return () if self.api_key is None else tuple(split(self.api_key.get_secret_value()))


class KeeperOptions(Frozen):
    """How the service works on zones."""

    zone_pause: Annotated[float, Field(ge=0)] = 0.3
    """Seconds between two looks at one zone of one target at least: edits in quick succession go together."""
    retry_longest: Seconds = 300.0
    """Seconds between two tries of a zone that fails, at most; it begins with some seconds and doubles."""
    lock_timeout: Seconds = 30.0
    """Seconds that an operation waits for a zone that another one works on; then it fails, and is tried again later."""
    breaker_failures: Annotated[int, Field(ge=1)] = 5
    """After so many calls in a row that a server did not answer no more are made for a while."""
    breaker_pause: Seconds = 30.0
    """Seconds until a server that did not answer is tried with one call; they double with each in vain, up to those of \
RETRY_LONGEST."""
    drift: Literal["mend", "report"] = "mend"
    """What the drift check does with content of PowerDNS that others changed: `mend` it under the guard's rules, or \
`report` it alone."""
    verify_served: bool = True
    """Whether DNS is asked for what was written."""
    receipt_days: Annotated[int, Field(ge=1)] = 30
    """Days that receipts of changes are kept."""
    stop_timeout: Seconds = 20.0
    """Seconds that work in hand gets to be finished when the service is told to stop."""


class TriggerOptions(Frozen):
    """What makes the service look: schedules, webhooks, NetBox's change log."""

    sync_crontab: CronText = "0 */6 * * *"
    """When everything is synchronised: the lists of both sides tell which zones need a look. A cron expression (minute, \
hour, day of month, month, day of week), or `never`."""
    drift_crontab: CronText = "30 2 * * *"
    """When the content of every zone is compared. A cron expression, or `never`."""
    timezone: ZoneName = ""
    """The time zone of the cron expressions, like `Europe/Berlin`; empty is the machine's."""
    webhook_secret: SecretStr | None = None
    """The secret that webhooks are signed with."""
    feed_interval: Annotated[float, Field(ge=0)] = 5.0
    """Seconds between two looks at NetBox's change log; 0 switches it off."""


class MqttOptions(Frozen):
    """MQTT."""

    mqtt_enabled: bool = False
    """Whether changes are taken from an MQTT broker, too."""
    mqtt_broker_url: str = "mqtt://localhost:1883"
    """The broker; `mqtts://` is TLS, port 8883."""
    mqtt_version: Literal["3.1.1", "5"] = "5"
    """The version of MQTT that is spoken."""
    mqtt_ca_file: Path | None = None
    """PEM certificates of the authority that signed the broker's certificate; the system's own are trusted too."""
    mqtt_client_id: str = "netbox-pdns"
    """How we are known to the broker."""
    mqtt_topic_prefix: str = "dns/zones"
    """What topics begin with."""
    mqtt_qos: Annotated[int, Field(ge=0, le=2)] = 1
    """The quality of service of the subscription."""
    mqtt_username: str | None = None
    """The user at the broker."""
    mqtt_password: SecretStr | None = None
    """The user's password."""
    mqtt_keepalive: Annotated[int, Field(ge=1)] = 60
    """Seconds after which a silent connection is probed."""
    mqtt_reconnect_delay: Annotated[int, Field(ge=1)] = 5
    """Seconds before a lost connection is made again; it doubles, up to a minute."""


class SetupOptions(Frozen):
    """Setting up: what `netbox-pdns setup` alone takes notice of."""

    setup_token: SecretStr | None = None
    """An administrator's API token of NetBox, with which `setup netbox` makes the webhook and a token of ours; not needed \
afterwards."""
