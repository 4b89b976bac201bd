"""Where the service listens: refused without a key but on the loopback; with TLS where certificates are set."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from ipaddress import IPv6Address, ip_address
from pathlib import Path

from netbox_pdns.errors import ConfigurationError
from netbox_pdns.redaction import SHORTEST_SECRET
from netbox_pdns.settings.layers import variable
from netbox_pdns.settings.service import ServiceOptions

_BACKLOG = 2048
_EXAMPLES = frozenset(
    {"apikey", "admin", "changeit", "changeme", "default", "example", "insecure", "mysecret", "netboxpdns", "password"}
    | {"replaceme", "secret", "secretkey", "test", "testing", "token", "yourapikey", "yoursecret", "yourapikeyhere"}
    | {"mysecretkey", "yoursecretkey", "supersecret", "12345678", "0123456789", "1234567890"}
)
"""Keys that stand in examples, without what is no letter or digit; they are the first that anybody tries."""


def is_loopback(host: str) -> bool:
    """Tell whether *host* (an address, or a name) is this machine's loopback."""
    if host.lower().rstrip(".") == "localhost":
        return True
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return False
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_loopback


def check_listening(host: str, keys: Iterable[str]) -> None:
    """Refuse to serve others than this machine without a key that is one.

    Raises `ConfigurationError` that names the setting, and the mend.
    """
    if is_loopback(host):
        return
    hint = "set one that nobody guesses (`openssl rand -hex 32`), or listen on 127.0.0.1"
    setting = variable("api_key")
    given = tuple(keys)
    if not given:
        raise ConfigurationError(
            f"{setting} is not set, and {host or 'every address'} is not this machine's loopback", hint=hint
        )
    for key in given:
        if "".join(filter(str.isalnum, key.lower())) in _EXAMPLES:
            raise ConfigurationError(f"{setting} is a key out of an example", hint=hint, setting=setting)
        if len(key) < SHORTEST_SECRET:
            message = f"{setting} has a key of fewer than {SHORTEST_SECRET} characters"
            raise ConfigurationError(message, hint=hint, setting=setting)


def tls_of(options: ServiceOptions) -> ssl.SSLContext | None:
    """Return what speaks TLS, None where none is set; raises `ConfigurationError` for files that cannot be used."""
    if options.tls_cert is None and options.tls_key is None:
        return None
    if options.tls_cert is None:
        raise ConfigurationError(f"{variable('tls_key')} is set without {variable('tls_cert')}", hint="set both")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    load_certificate(context, options.tls_cert, options.tls_key)
    return context


def load_certificate(context: ssl.SSLContext, cert: Path, key: Path | None) -> None:
    """Read certificate and key into *context*: connections from now on see them. Raises `ConfigurationError`."""
    # tried apart, so that a wrong pair leaves what is in force as it is
    for each in (ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), context):
        try:
            each.load_cert_chain(cert, key)
        except (OSError, ssl.SSLError) as error:
            raise ConfigurationError(
                f"the certificate {cert} and its key {key or cert} cannot be used: {error}",
                hint="name a PEM certificate and the key that belongs to it, readable for this user",
                setting=variable("tls_cert"),
            ) from error


@contextmanager
def listening(options: ServiceOptions) -> Iterator[socket.socket]:
    """Listen within the block; whoever comes before somebody serves waits. Raises `ConfigurationError`."""
    listener = _listener(options)
    try:
        yield listener
    finally:
        listener.close()


def _listener(options: ServiceOptions) -> socket.socket:
    host, port = options.listen_host, options.listen_port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        # Named by its protocol, without which asyncio leaves Nagle's algorithm on: 40 ms a request on a kept connection.
        listener = socket.socket(family, kind, protocol or socket.IPPROTO_TCP)
    except OSError as error:
        raise _cannot(host, port, error) from error
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise _cannot(host, port, error) from error
    listener.setblocking(False)
    return listener


def _cannot(host: str, port: int, error: OSError) -> ConfigurationError:
    return ConfigurationError(
        f"cannot listen on {host or 'every address'} port {port}: {error.strerror or error}",
        hint=f"does something else listen there? see {variable('listen_host')} and {variable('listen_port')}",
        setting=variable("listen_port"),
    )
