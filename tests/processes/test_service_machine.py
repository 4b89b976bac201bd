"""Random edits, faults, restarts and clocks: the service ends with every PowerDNS as NetBox wants it (`service_machine`).

Webhooks alone are enough for it, too, and on the way there nothing is written that NetBox did not want, or that is there.
It runs in a process of its own, since a process has one kind of time. What it prints on failing are the steps that lead
there; TEST_SEED repeats them.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def _run(examples: int, steps: int, sampled: random.Random) -> None:
    seed = sampled.randrange(2**32)
    command = [sys.executable, str(HERE / "service_machine.py"), str(examples), str(steps), str(seed)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, env={**os.environ, "TZ": "UTC"})
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    assert not done.stderr, f"{' '.join(command)}\n{done.stderr}"


def test_whatever_happens_all_ends_equal(sampled: random.Random) -> None:
    """A few runs, which find what is broken often."""
    _run(3, 20, sampled)


@pytest.mark.full
@pytest.mark.timeout(7200)
@pytest.mark.parametrize("part", range(4))
def test_whatever_happens_all_ends_equal_at_length(part: int, sampled: random.Random) -> None:
    """Thousands of them."""
    _run(500, 40, sampled)
