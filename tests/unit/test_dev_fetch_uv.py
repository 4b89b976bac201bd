"""How uv comes to a machine that lacks it: the file for that machine, and nothing but what uv.lock knows."""

from __future__ import annotations

import hashlib
import io
import runpy
import zipfile
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
FETCH_UV = runpy.run_path(str(PROJECT / "dev" / "fetch_uv.py"))
FetchError = FETCH_UV["FetchError"]


@pytest.mark.parametrize(
    ("system", "machine", "file"),
    [
        pytest.param("linux", "x86_64", "musllinux_1_1_x86_64.whl", id="linux"),
        pytest.param("linux", "aarch64", "musllinux_1_1_aarch64.whl", id="linux-on-arm"),
        pytest.param("linux", "s390x", "manylinux2014_s390x.whl", id="linux-without-a-static-one"),
        pytest.param("darwin", "arm64", "macosx_11_0_arm64.whl", id="macos"),
    ],
)
def test_the_file_is_the_machines(system: str, machine: str, file: str) -> None:
    """The wheel of uv.lock that runs there, with its hash."""
    wheel = FETCH_UV["wheel_for"]((PROJECT / "uv.lock").read_text(encoding="utf-8"), system, machine)
    assert wheel["url"].endswith(file)
    assert wheel["hash"].startswith("sha256:")


def test_a_machine_that_has_none_is_named() -> None:
    """What uv is not built for is said."""
    with pytest.raises(FetchError, match="none for sunos5 on sparc"):
        FETCH_UV["wheel_for"]((PROJECT / "uv.lock").read_text(encoding="utf-8"), "sunos5", "sparc")


def _wheel(program: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("uv-1.data/scripts/uvx", b"another")
        archive.writestr("uv-1.data/scripts/uv", program)
    return file.getvalue()


def test_the_program_is_taken_out() -> None:
    """Of all that is in the wheel, the program called uv."""
    wheel = _wheel(b"uv")
    assert FETCH_UV["program_in"](wheel, f"sha256:{hashlib.sha256(wheel).hexdigest()}") == b"uv"


def test_what_has_another_hash_is_not_taken() -> None:
    """Whoever answered, and whatever was lost on the way."""
    digest = f"sha256:{hashlib.sha256(_wheel(b'uv')).hexdigest()}"
    with pytest.raises(FetchError, match="has the hash sha256:"):
        FETCH_UV["program_in"](_wheel(b"something else"), digest)
