"""Where the MQTT broker is, and what its topics are called: read from the settings, checked before anything connects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn
from urllib.parse import unquote, urlsplit

from netbox_pdns.errors import ConfigurationError
from netbox_pdns.settings.service import MqttOptions

_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True)
class Broker:
    """How the broker is reached; `url` is for people, without user and password."""

    host: str
    port: int
    tls: bool
    url: str
    username: str | None = None


@dataclass(frozen=True, slots=True)
class Topics:
    """What our topics are called.

    Below `prefix` are events, `ZONE/EVENT` (a zone's name may hold slashes), and our own state. What we did is told beside
    it, where nobody takes it for an event, and where our own subscription does not reach.
    """

    prefix: str

    @property
    def events(self) -> str:
        """What is subscribed to."""
        return f"{self.prefix}/#"

    @property
    def status(self) -> str:
        """Whether we are there, retained. One level below the prefix: an event is two."""
        return f"{self.prefix}/status"

    def done(self, zone: str) -> str:
        """Where a change of *zone* (canonical) that was applied is told."""
        return f"{self.prefix}-done/{zone.rstrip('.') or '.'}"


def broker_of(options: MqttOptions) -> Broker:
    """Return where the broker is; raises `ConfigurationError` for a URL that names none."""
    url = options.mqtt_broker_url
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        _wrong_url(str(error))
    if parts.scheme not in _PORTS or not parts.hostname:
        _wrong_url("it is to be mqtt://HOST:PORT, or mqtts://HOST:PORT for TLS")
    if parts.path not in {"", "/"} or parts.query:
        _wrong_url("nothing comes after the port")
    host, number = parts.hostname, port or _PORTS[parts.scheme]
    shown = f"[{host}]" if ":" in host else host
    username = options.mqtt_username or (unquote(parts.username) if parts.username else None)
    return Broker(host, number, parts.scheme == "mqtts", f"{parts.scheme}://{shown}:{number}", username)


def password_of(options: MqttOptions) -> str | None:
    """Return the user's password: the setting's, or the one in the URL."""
    if options.mqtt_password is not None:
        return options.mqtt_password.get_secret_value()
    given = urlsplit(options.mqtt_broker_url).password
    return unquote(given) if given else None


def topics_of(options: MqttOptions) -> Topics:
    """Return the topics; raises `ConfigurationError` for a prefix that none can begin with (MQTT 5.0, section 4.7)."""
    prefix = options.mqtt_topic_prefix.rstrip("/")
    if not prefix or any(wrong in prefix for wrong in "+#\0") or prefix.startswith("$"):
        raise ConfigurationError(
            f"no topic can begin with {options.mqtt_topic_prefix!r}",
            hint="give something like dns/zones, without + and #",
            setting="NETBOX_PDNS_MQTT_TOPIC_PREFIX",
        )
    return Topics(prefix)


def _wrong_url(why: str) -> NoReturn:
    # The URL itself may hold a password.
    raise ConfigurationError(
        f"the URL of the MQTT broker cannot be used: {why}",
        hint="like mqtt://broker.example.com:1883",
        setting="NETBOX_PDNS_MQTT_BROKER_URL",
    )
