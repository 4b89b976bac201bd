"""What the sandbox refuses, in PowerDNS's words."""

from __future__ import annotations


class ApiError(Exception):
    """A request is answered by a status other than success; `str(error)` are the words of a 422."""

    def __init__(self, message: str = "", *, status: int = 422) -> None:
        super().__init__(message)
        self.status = status


class ContentError(Exception):
    """The content of a record cannot be taken; says why."""

    @classmethod
    def unread(cls, why: str) -> ContentError:
        """Return the error for a field that is none of its kind."""
        return cls(f"Parsing record content (try 'pdnsutil check-zone'): {why}")
