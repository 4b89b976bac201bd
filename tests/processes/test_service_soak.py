"""A minute of the soak (`make soak` is half an hour): edits and faults, and nothing of the service grows."""

from __future__ import annotations

import random
import subprocess
import sys
from pathlib import Path

import pytest

SOAK = Path(__file__).parents[2] / "bench" / "soak.py"


@pytest.mark.timeout(600)  # the soak itself gives up before, and says what it waited for
def test_a_minute_of_the_soak(sampled: random.Random) -> None:
    """Its exit status says so; its table says how much there is of what."""
    command = [sys.executable, str(SOAK), "--minutes", "1", "--seed", str(sampled.randrange(2**32))]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
