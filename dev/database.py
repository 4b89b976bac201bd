"""A private PostgreSQL and a private Redis for NetBox, on ports of their own."""

from __future__ import annotations

import os
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from secrets import token_hex
from typing import Any

import debian
from processes import Process, ServerError, free_port, run

USER = "netbox"
_HOST = "127.0.0.1"
_SETTINGS = {
    "listen_addresses": f"'{_HOST}'",
    "unix_socket_directories": "''",
    "max_connections": "60",
    # The data is made anew in seconds: speed counts, safety against a power cut does not.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


def postgresql_process(state: Path) -> Process:
    """Return PostgreSQL's process; SIGINT is its fast shutdown."""
    return Process("postgresql", state / "postgresql", signal.SIGINT)


def redis_process(state: Path) -> Process:
    """Return Redis's process."""
    return Process("redis", state / "redis")


def start_postgresql(state: Path, known: Mapping[str, Any]) -> dict[str, Any]:
    """Start PostgreSQL, its cluster made where there is none, and return how it is reached."""
    programs = debian.postgresql_directory()
    if programs is None:
        raise ServerError("PostgreSQL is missing: apt-get install postgresql")
    reached: dict[str, Any] = dict(known.get("database") or {})
    running = postgresql_process(state)
    data = running.directory / "data"
    if not reached or not (data / "PG_VERSION").exists():
        running.stop()
        reached = {"host": _HOST, "port": free_port(), "user": USER, "password": token_hex(16), "name": USER}
        _make_cluster(programs, data, reached["password"])
    reached["programs"] = str(programs)
    settings = {**_SETTINGS, "port": str(reached["port"])}
    options = [word for name, value in settings.items() for word in ("-c", f"{name}={value.strip(chr(39))}")]
    running.start([*_as_postgres(), str(programs / "postgres"), "-D", str(data), *options])
    ready = [str(programs / "pg_isready"), "-q", "-h", _HOST, "-p", str(reached["port"])]
    running.wait_until(lambda: _succeeds(ready), 30)
    return reached


def start_redis(state: Path, known: Mapping[str, Any]) -> int:
    """Start Redis, which keeps nothing on disk, and return its port."""
    if shutil.which("redis-server") is None:
        raise ServerError("Redis is missing: apt-get install redis-server")
    running = redis_process(state)
    if not known.get("redis_port"):
        running.stop()
    port = int(known.get("redis_port") or free_port())
    running.directory.mkdir(parents=True, exist_ok=True)
    options = {"port": str(port), "bind": _HOST, "save": "", "appendonly": "no", "dir": str(running.directory)}
    running.start(["redis-server", *(word for name, value in options.items() for word in (f"--{name}", value))])
    running.wait_until(lambda: _succeeds(["redis-cli", "-p", str(port), "ping"]), 15)
    return port


def sql(database: Mapping[str, Any], statement: str, *, name: str | None = None) -> str:
    """Run *statement* in the database (or the one called *name*) and return the rows, tab-separated, without a heading."""
    command = [f"{database['programs']}/psql", "-X", "-q", "-A", "-t", "-F", "\t", "-v", "ON_ERROR_STOP=1"]
    return run(
        [*command, *_address(database), "-d", name or database["name"]],
        environment={"PGPASSWORD": database["password"]},
        stdin=statement,
    )


def make(database: Mapping[str, Any], name: str, schema: str) -> None:
    """Make the database called *name* with the tables of *schema*, where it is not there."""
    there = sql(database, f"SELECT 1 FROM pg_database WHERE datname = '{name}'", name="postgres")
    if there.strip():
        return
    sql(database, f"CREATE DATABASE {name}", name="postgres")
    sql(database, f"BEGIN; {schema}; COMMIT", name=name)


def restore(database: Mapping[str, Any], dump: Path) -> None:
    """Load *dump* (pg_dump's custom format) into the empty database."""
    command = [f"{database['programs']}/pg_restore", "--no-owner", f"--role={USER}", *_address(database)]
    run([*command, "-d", database["name"], str(dump)], environment={"PGPASSWORD": database["password"]})
    sql(database, "ANALYZE")


def dump(database: Mapping[str, Any], path: Path) -> None:
    """Write the database to *path* in pg_dump's custom format."""
    command = [f"{database['programs']}/pg_dump", "-Fc", "--no-owner", *_address(database)]
    run([*command, "-f", str(path), database["name"]], environment={"PGPASSWORD": database["password"]})


def _address(database: Mapping[str, Any]) -> list[str]:
    return ["-h", database["host"], "-p", str(database["port"]), "-U", database["user"]]


def _make_cluster(programs: Path, data: Path, password: str) -> None:
    if data.exists():
        shutil.rmtree(data)
    data.mkdir(parents=True)
    secret = data.parent / "password"
    secret.touch(mode=0o600)
    secret.write_text(password)
    if os.geteuid() == 0:
        shutil.chown(data, "postgres", "postgres")
        shutil.chown(secret, "postgres", "postgres")
    words = ["--auth=scram-sha-256", f"--username={USER}", f"--pwfile={secret}", "--encoding=UTF8", "--locale=C.UTF-8"]
    try:
        run([*_as_postgres(), str(programs / "initdb"), *words, "--no-sync", "-D", str(data)])
    finally:
        secret.unlink()


def _as_postgres() -> list[str]:
    """PostgreSQL refuses root: run it as its own user, who may pass through directories that are root's alone."""
    if os.geteuid() != 0:
        return []
    capability = "+dac_read_search"
    user = ["--reuid=postgres", "--regid=postgres", "--init-groups"]
    return ["setpriv", *user, f"--inh-caps={capability}", f"--ambient-caps={capability}", "--"]


def _succeeds(command: list[str]) -> bool:
    try:
        run(command)
    except ServerError:
        return False
    return True
