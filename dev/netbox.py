"""NetBox with its DNS plugin: its own environment, configuration, database content, web server and worker."""

from __future__ import annotations

import json
import os
import shutil
import string
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from secrets import choice, token_hex
from typing import Any

import database
from processes import Process, ServerError, free_port, run

_NETBOX = "4.7.3"
_PLUGIN = "1.7.3"
_REQUIREMENTS = (f"netbox=={_NETBOX}", f"netbox-plugin-dns=={_PLUGIN}", "gunicorn")
# NetBox asks for psycopg built from source; the ready-made one needs no compiler.
_OVERRIDES = "psycopg[binary,pool]==3.3.6\n"
_DUMP = f"netbox-{_NETBOX}-dns-{_PLUGIN}.pgdump"
_FETCHED_PYTHON = ">=3.12,<3.15"
_START_TIMEOUT = 120.0
_LETTERS = string.ascii_letters + string.digits

_CONFIGURATION = """\
import sys

sys.path.append({configuration_directory!r})
SEARCH_BACKEND = "no_search.NoSearch"
ALLOWED_HOSTS = ["*"]
DATABASES = {{
    "default": {{
        "ENGINE": "django.db.backends.postgresql",
        "NAME": {name!r},
        "USER": {user!r},
        "PASSWORD": {password!r},
        "HOST": {host!r},
        "PORT": {port!r},
        "CONN_MAX_AGE": 300,
        "CONN_HEALTH_CHECKS": True,
    }}
}}
_REDIS = {{"HOST": "127.0.0.1", "PORT": {redis_port!r}, "SSL": False}}
REDIS = {{"tasks": {{**_REDIS, "DATABASE": 0}}, "caching": {{**_REDIS, "DATABASE": 1}}}}
SECRET_KEY = {secret_key!r}
API_TOKEN_PEPPERS = {{1: {pepper!r}}}
PLUGINS = ["netbox_dns"]
DEBUG = False
RELEASE_CHECK_URL = None
CENSUS_REPORTING_ENABLED = False
"""

# Nobody searches here, and an index costs a background job with a process of its own for every edit: as much as the edit.
_NO_SEARCH = """\
from netbox.search.backends import SearchBackend


class NoSearch(SearchBackend):
    def caching_handler(self, sender, instance, created, **more):
        pass

    def removal_handler(self, sender, instance, **more):
        pass

    def search(self, value, user=None, object_types=None, lookup=None):
        return []
"""

_ADMINISTRATOR = """\
from users.models import Token, User
admin, _ = User.objects.get_or_create(username="admin", defaults={{"is_superuser": True}})
admin.set_password({password!r})
admin.save()
Token.objects.filter(user=admin).delete()
Token(user=admin, version=1, token={token!r}).save()
Token(user=admin, version=2, key={key!r}, token={secret!r}, pepper_id=1).save()
"""


def processes(state: Path) -> tuple[Process, Process]:
    """Return the processes of the web server and of the worker that sends webhooks."""
    return Process("netbox", state / "netbox"), Process("netbox-worker", state / "netbox")


def start(state: Path, known: Mapping[str, Any], dumps: Path) -> dict[str, Any]:
    """Start NetBox and all that it needs, and return how it is reached; *dumps* is where a ready database may lie."""
    if "netbox" not in known:
        for process in processes(state):
            process.stop()
    reached: dict[str, Any] = {**_new_secrets(), **(known.get("netbox") or {})}
    reached["database"] = database.start_postgresql(state, reached)
    reached["redis_port"] = database.start_redis(state, reached)
    environment = _environment(state)
    web, worker = processes(state)
    netbox = str(environment / "bin" / "netbox")
    variables = {"NETBOX_ROOT": str(state / "netbox-root"), "PYTHONWARNINGS": "ignore"}
    reached |= {"command": netbox, "root": variables["NETBOX_ROOT"]}
    _configure(state, reached)
    _fill(state, reached, dumps, variables)
    address = f"127.0.0.1:{reached['port']}"
    reached["url"] = f"http://{address}"
    gunicorn = str(environment / "bin" / "gunicorn")
    options = ["--bind", address, "--workers", "2", "--threads", "3", "--timeout", "120", "--max-requests", "0"]
    web.start([gunicorn, *options, "netbox.wsgi:application"], environment=variables)
    worker.start([netbox, "rqworker", "high", "default", "low"], environment=variables)
    web.wait_until(lambda: _answers(reached), _START_TIMEOUT)
    return reached


def _new_secrets() -> dict[str, Any]:
    key = "".join(choice(_LETTERS) for _ in range(12))
    secret = "".join(choice(_LETTERS) for _ in range(40))
    return {
        "port": free_port(),
        "token": token_hex(20),
        "token_v2": f"nbt_{key}.{secret}",
        "admin_password": token_hex(12),
        "secret_key": token_hex(32),
        "pepper": token_hex(32),
    }


def _environment(state: Path) -> Path:
    environment = state / "netbox-venv"
    stamp, wanted = environment / "installed", "\n".join(_REQUIREMENTS)
    if stamp.exists() and stamp.read_text() == wanted:
        return environment
    print(f"installing NetBox {_NETBOX} and its DNS plugin {_PLUGIN}", flush=True)
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        raise ServerError("uv is missing: start the servers by `make servers`")
    overrides = state / "overrides.txt"
    overrides.write_text(_OVERRIDES)
    variables = {"UV_PROJECT_ENVIRONMENT": "", "VIRTUAL_ENV": ""}
    wanted_python = _python()
    try:
        run(
            [uv, "venv", "--quiet", "--clear", "--no-project", "--python", wanted_python, str(environment)],
            environment=variables,
        )
    except ServerError as error:
        if wanted_python != _FETCHED_PYTHON:
            raise
        raise ServerError(
            f"needs a Python {_FETCHED_PYTHON}: none is on PATH or under pyenv, and uv cannot fetch one\n{error}"
        ) from error
    python = str(environment / "bin" / "python")
    run(
        [uv, "pip", "install", "--quiet", "--python", python, "--override", str(overrides), *_REQUIREMENTS],
        environment=variables,
    )
    stamp.write_text(wanted)
    return environment


def _python() -> str:
    """Return a Python that NetBox takes: one of this machine, else what uv shall fetch."""
    return next((path for path in _pythons() if _is_new_enough(path)), _FETCHED_PYTHON)


def _pythons() -> Iterator[str]:
    for minor in (13, 12, 14):
        if found := shutil.which(f"python3.{minor}"):
            yield found
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv")
    yield from (str(path) for path in sorted(pyenv.glob("versions/3.1[234].*/bin/python"), reverse=True))


def _is_new_enough(python: str) -> bool:
    # pyenv's shims are on PATH for versions that are not switched on: ask, do not guess.
    question = "import sys, venv; sys.exit(not (3, 12) <= sys.version_info < (3, 15))"
    return subprocess.run([python, "-c", question], capture_output=True, check=False).returncode == 0


def _configure(state: Path, reached: Mapping[str, Any]) -> None:
    root = state / "netbox-root"
    if not (root / "conf").exists():
        run([reached["command"], "setup", "--target", str(root)])
    configuration = root / "conf" / "configuration.py"
    configuration.chmod(0o600)
    values = {**reached, **reached["database"], "configuration_directory": str(configuration.parent)}
    configuration.write_text(_CONFIGURATION.format(**values))
    configuration.with_name("no_search.py").write_text(_NO_SEARCH)


def _fill(state: Path, reached: Mapping[str, Any], dumps: Path, variables: Mapping[str, str]) -> None:
    there = database.sql(
        reached["database"], f"SELECT 1 FROM pg_database WHERE datname = '{database.USER}'", name="postgres"
    )
    filled = state / "netbox" / "filled"
    if there.strip() and filled.exists():
        return
    database.sql(reached["database"], f"DROP DATABASE IF EXISTS {database.USER} WITH (FORCE)", name="postgres")
    database.sql(reached["database"], f"CREATE DATABASE {database.USER}", name="postgres")
    cached = state / _DUMP
    dump = next((path for path in (dumps / _DUMP, cached) if path.exists()), None)
    if dump:
        database.restore(reached["database"], dump)
    else:
        print("making NetBox's database; this takes ten minutes, once", flush=True)
        run([reached["command"], "migrate", "--no-input"], environment=variables)
        database.dump(reached["database"], cached)
    _make_administrator(reached, variables)
    filled.parent.mkdir(parents=True, exist_ok=True)
    filled.touch()


def _make_administrator(reached: Mapping[str, Any], variables: Mapping[str, str]) -> None:
    key, _, secret = reached["token_v2"].removeprefix("nbt_").partition(".")
    code = _ADMINISTRATOR.format(password=reached["admin_password"], token=reached["token"], key=key, secret=secret)
    run([reached["command"], "nbshell", "-c", code], environment=variables)


def _answers(reached: Mapping[str, Any]) -> bool:
    headers = {"Authorization": f"Token {reached['token']}"}
    request = urllib.request.Request(f"{reached['url']}/api/status/", headers=headers)
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return "netbox_dns" in json.load(answer)["plugins"]
    except urllib.error.HTTPError as error:
        raise ServerError(f"NetBox answers {error.code} to its own administrator: {error.read()[:200]!r}") from error
    except OSError:
        return False
