"""The image, built by buildah without a registry, from a Debian that debootstrap makes: what is in it runs and is well."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
FILE = PROJECT / "deploy/Containerfile"
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")
MIRROR = "http://deb.debian.org/debian"
LONGEST = 900
NOWHERE = {
    "NETBOX_PDNS_NB_URL": "http://127.0.0.1:9",
    "NETBOX_PDNS_NB_TOKEN": "0123456789abcdef0123456789abcdef01234567",
    "NETBOX_PDNS_PDNS_URL": "http://127.0.0.1:9",
    "NETBOX_PDNS_PDNS_TOKEN": "token-of-powerdns",
    "NETBOX_PDNS_API_KEY": "a-key-of-this-test-7c1e",
}

pytestmark = [pytest.mark.full, pytest.mark.timeout(2 * LONGEST)]


class Buildah:
    """buildah with a store of its own: nothing of the machine's is seen or changed."""

    def __init__(self, home: Path) -> None:
        self._home = home

    def __call__(self, *words: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run it; it must end well, unless that is not to be checked."""
        store = ("--storage-driver=vfs", "--root", str(self._home / "store"), "--runroot", str(self._home / "run"))
        done = subprocess.run(
            ["buildah", *store, *words], cwd=PROJECT, capture_output=True, text=True, check=False, timeout=LONGEST
        )
        assert done.returncode == 0 or not check, (done.stdout + done.stderr)[-4000:]
        return done


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Buildah, str]]:
    """The image, in buildah's store."""
    for program in ("buildah", "debootstrap"):
        if shutil.which(program) is None:
            pytest.skip(f"{program} is not there: apt-get install buildah debootstrap")
    if os.geteuid() != 0:
        pytest.skip("only root makes a Debian from its packages")
    home = tmp_path_factory.mktemp("image")
    root = home / "debian"
    packages = "--include=python3,python3-venv,ca-certificates"
    made = ["debootstrap", "--variant=minbase", packages, "stable", str(root), MIRROR]
    subprocess.run(made, check=True, capture_output=True, timeout=LONGEST)
    # Behind a proxy of its own authority packages are fetched as this machine does.
    shutil.copy(AUTHORITIES, root / AUTHORITIES.relative_to("/"))
    buildah = Buildah(home)
    base = buildah("from", "scratch").stdout.strip()
    buildah("add", "--quiet", base, str(root), "/")
    shutil.rmtree(root)
    buildah("commit", "--quiet", base, "localhost/base:latest")
    built = (
        "bud",
        "--isolation=chroot",
        "--network=host",
        "--format=docker",
        "--build-arg",
        "BASE=localhost/base:latest",
    )
    buildah(*built, "--file", str(FILE), "--tag", "localhost/netbox-pdns:latest", ".")
    yield buildah, "localhost/netbox-pdns:latest"
    shutil.rmtree(home)


def _in(image: tuple[Buildah, str], *command: str) -> str:
    """Return what a command prints in a container of the image."""
    buildah, name = image
    container = buildah("from", name).stdout.strip()
    variables = [f"--env={key}={value}" for key, value in {**NOWHERE, "NETBOX_PDNS_LISTEN_PORT": "18123"}.items()]
    return buildah("run", "--isolation=chroot", *variables, container, "--", *command).stdout


def test_the_program_is_in_it(image: tuple[Buildah, str]) -> None:
    """It says its version, and runs as a user that is not root."""
    assert re.fullmatch(r"netbox-pdns \S+ \(Python 3\.\d+\.\d+\)\n", _in(image, "netbox-pdns", "version"))
    assert _in(image, "id", "-u") == "10053\n"


def test_only_the_package_is_in_it(image: tuple[Buildah, str]) -> None:
    """No source, no secrets of deploy/, no pip to fetch more with."""
    found = _in(image, "sh", "-c", "ls -d /source /opt/netbox-pdns/bin/pip /opt/netbox-pdns/bin/uv 2>/dev/null; true")
    assert found == ""


def test_its_health_check_is_content_with_the_service_at_work(image: tuple[Buildah, str]) -> None:
    """With all its servers down; and SIGTERM ends it in order."""
    buildah, name = image
    config = json.loads(buildah("inspect", "--type", "image", name).stdout)["Docker"]["config"]
    assert config["Entrypoint"] + config["Cmd"] == ["netbox-pdns", "serve"]
    check = config["Healthcheck"]["Test"]
    assert check[:3] == ["CMD", "python3", "-c"]
    script = """
        netbox-pdns serve & service=$!
        for try in $(seq 240); do python3 -c "$0" 2>/dev/null && break; sleep 0.25; done
        python3 -c "$0" && echo well
        kill -TERM $service; wait $service; echo ended with $?
    """
    assert _in(image, "sh", "-c", script, check[3]) == "well\nended with 0\n"
