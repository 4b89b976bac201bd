"""Fetches uv into a folder, for machines that lack it, with Python's own library alone: no pip, no venv, no certificates.

Which file, and by what hash it is known, stands in uv.lock. The hash decides what is taken, so that nothing depends on who
the server is: a machine without ca-certificates has uv as safely as any other.
"""

from __future__ import annotations

import hashlib
import io
import platform
import ssl
import sys
import tomllib
import urllib.request
import zipfile
from pathlib import Path
from typing import Any

LOCK = Path(__file__).resolve().parent.parent / "uv.lock"
_PATIENCE = 60.0
# On Linux first the one for musl: it is linked statically, and runs beside any C library.
_PLATFORMS = {"linux": ("musllinux_", "manylinux_"), "darwin": ("macosx_",)}


class FetchError(Exception):
    """Why uv cannot be had so, in one sentence."""


def main() -> int:
    """Fetch uv to the path that the line names."""
    target = Path(sys.argv[1])
    try:
        wheel = wheel_for(LOCK.read_text(encoding="utf-8"), sys.platform, platform.machine())
        print(f"fetching {wheel['url'].rpartition('/')[2]}", file=sys.stderr)
        program = program_in(fetched(wheel["url"]), wheel["hash"])
    except (FetchError, OSError) as error:
        print(f"uv cannot be fetched: {error}\nhint: install uv, and see that it is on PATH", file=sys.stderr)
        return 1
    target.parent.mkdir(parents=True, exist_ok=True)
    draft = target.with_suffix(".new")
    draft.write_bytes(program)
    draft.chmod(0o755)
    draft.replace(target)
    return 0


def wheel_for(lock: str, system: str, machine: str) -> dict[str, Any]:
    """Return the wheel of uv in *lock* (the text of uv.lock) for *system* (`sys.platform`) and *machine* (`uname -m`)."""
    packages = tomllib.loads(lock)["package"]
    wheels: list[dict[str, Any]] = next(package["wheels"] for package in packages if package["name"] == "uv")
    for kind in _PLATFORMS.get(system, ()):
        for wheel in wheels:
            tags = wheel["url"].rpartition("/")[2].removesuffix(".whl").rpartition("-")[2].split(".")
            if any(tag.startswith(kind) and tag.endswith(f"_{machine}") for tag in tags):
                return wheel
    raise FetchError(f"uv.lock has none for {system} on {machine}")


def fetched(url: str) -> bytes:
    """Return what is at *url*, whoever answers: it is to be held against its hash."""
    anybody = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    anybody.check_hostname = False
    anybody.verify_mode = ssl.CERT_NONE
    with urllib.request.urlopen(url, timeout=_PATIENCE, context=anybody) as answer:
        return bytes(answer.read())


def program_in(wheel: bytes, digest: str) -> bytes:
    """Return uv's program out of *wheel*, whose hash must be *digest* (`sha256:` and hexadecimal digits)."""
    found = f"sha256:{hashlib.sha256(wheel).hexdigest()}"
    if found != digest:
        raise FetchError(f"what came has the hash {found}, in uv.lock it is {digest}")
    with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
        name = next(name for name in archive.namelist() if name.endswith(".data/scripts/uv"))
        return archive.read(name)


if __name__ == "__main__":
    sys.exit(main())
