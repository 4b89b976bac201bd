"""Runs the tests, on the real servers where they can be had: starts those that do not run, and stops them afterwards."""

from __future__ import annotations

import contextlib
import io
import os
import secrets
import subprocess
import sys

import debian
import servers


def main() -> int:
    """Run pytest with the arguments of the line and return its status."""
    seed = int(os.environ.get("TEST_SEED") or secrets.randbelow(2**32))
    command = [sys.executable, "-m", "pytest", f"--hypothesis-seed={seed}", *sys.argv[1:]]
    environment = {**os.environ, "TEST_SEED": str(seed)}
    before = servers.running()
    with servers.alone():
        if debian.can_install():
            # A server that cannot be had is named here; its tests are skipped, and fail with CI=true.
            servers.start()
    try:
        return subprocess.run(command, cwd=servers.PROJECT, env=environment, check=False).returncode
    finally:
        # Silent: pytest's closing line is the last.
        with contextlib.redirect_stdout(io.StringIO()), servers.alone():
            servers.stop(but=before)


if __name__ == "__main__":
    sys.exit(main())
