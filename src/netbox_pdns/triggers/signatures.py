"""Signatures of what we are told: an HMAC of the raw body, compared in constant time."""

from __future__ import annotations

import hashlib
import hmac
from typing import Literal

Hash = Literal["sha256", "sha512"]


def is_signed(body: bytes, secret: str, given: str | None, algorithm: Hash) -> bool:
    """Tell whether *given*, in hex, with or without the prefix `sha512=`, is the signature of *body*; None never is."""
    if given is None:
        return False
    right = hmac.new(secret.encode(), body, getattr(hashlib, algorithm)).hexdigest()
    return hmac.compare_digest(right.encode(), given.strip().lower().removeprefix(f"{algorithm}=").encode())
