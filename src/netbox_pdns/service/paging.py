"""Cursors: where a page ended, as a word that callers hand back unread. Pure."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence

from netbox_pdns.errors import DataError


def cursor_of(position: Sequence[str]) -> str:
    """Return the cursor that leads behind *position*."""
    return base64.urlsafe_b64encode(json.dumps(list(position)).encode()).decode("ascii").rstrip("=")


def position_of(cursor: str, length: int) -> tuple[str, ...]:
    """Return the position of *length* words that *cursor* leads behind; raises `DataError` where it is none of ours."""
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        position = json.loads(base64.b64decode(padded.encode("ascii"), altchars=b"-_", validate=True))
    except (binascii.Error, UnicodeError, ValueError, RecursionError) as error:
        raise _strange() from error
    if not isinstance(position, list) or len(position) != length or not all(isinstance(each, str) for each in position):
        raise _strange()
    return tuple(position)


def _strange() -> DataError:
    return DataError("what was given is no cursor of this list", hint="begin without one, and hand back `next`")
