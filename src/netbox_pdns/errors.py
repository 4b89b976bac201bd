"""What can go wrong, by what should be done about it.

The class of an error is its handling (the specification's table of error classes):

- `TransientError`: try again, with back-off;
- `ConflictError`: someone else was there first: warn, look again;
- `ConfigurationError`: fail at once and name the setting;
- `DataError`: a record or zone that cannot be served as it is: leave it out, name it, go on with the rest.

Every error says what is wrong, where and with which value, and carries a hint that says what to do.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence


def chained(error: BaseException) -> Iterator[BaseException]:
    """Yield *error*, what caused it, what caused that, and so on.

    Also what a traceback would leave out: the HTTP library so hides that a connection was refused.
    """
    each: BaseException | None = error
    while each is not None:
        yield each
        each = each.__cause__ or each.__context__


class NetboxPdnsError(Exception):
    """Any error that this package raises on purpose.

    `str(error)` is the message alone; `hint` is what the operator can do, for a line of its own.
    """

    kind = "error"

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.hint = hint

    @property
    def in_one_line(self) -> str:
        """The message with its hint, where there is no second line for it."""
        return f"{self} ({self.hint})" if self.hint else str(self)


class TransientError(NetboxPdnsError):
    """Trying again may help: a time-out, a refused connection, a server that is overloaded.

    `retry_after` is the number of seconds that the server asked us to wait, where it did. `answered` tells that the server
    is there and only puts us off (429, say): it is no sign of an outage.
    """

    kind = "transient"

    def __init__(
        self, message: str, *, hint: str | None = None, retry_after: float | None = None, answered: bool = False
    ) -> None:
        super().__init__(message, hint=hint)
        self.retry_after = retry_after
        self.answered = answered


class UnexpectedError(NetboxPdnsError):
    """A fault of ours, kept from ending what it has nothing to do with; its cause is the fault itself."""

    kind = "unexpected"

    def __init__(self, what: str, fault: BaseException) -> None:
        said = f"{fault.__class__.__name__}: {fault}" if str(fault) else fault.__class__.__name__
        super().__init__(
            f"{what}: {said}", hint="this is a fault of netbox-pdns: please report it with the log's lines"
        )
        self.__cause__ = fault


class ConflictError(NetboxPdnsError):
    """The thing exists already, or was changed meanwhile: look again before doing anything."""

    kind = "conflict"


class MovedError(ConflictError):
    """A side is not as it was when the plan was reviewed; `moves` name what moved, a line each."""

    def __init__(self, message: str, *, moves: Sequence[str], hint: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.moves = tuple(moves)


class ConfigurationError(NetboxPdnsError):
    """A setting, a permission or an address is wrong: trying again cannot help.

    `setting` is the name of the setting to look at, where one can be named.
    """

    kind = "configuration"

    def __init__(self, message: str, *, hint: str | None = None, setting: str | None = None) -> None:
        super().__init__(message, hint=hint)
        self.setting = setting


class DataError(NetboxPdnsError):
    """A zone or record cannot be served as it is; the others can."""

    kind = "data"


class RefusedRecord(DataError):
    """The server refuses one record of a batch; nothing of that batch is applied.

    `name` and `type` are canonical; `rdata` is the canonical rdata, None where the server does not name it. With `by_name`
    it is the server's own word about this very record, which it would say again; otherwise the record was found by trying,
    and may be taken the next time.
    """

    def __init__(
        self,
        reason: str,
        *,
        zone: str,
        name: str,
        type: str,
        rdata: str | None,
        hint: str | None = None,
        by_name: bool = False,
    ) -> None:
        super().__init__(f"{name} {type}: {reason}", hint=hint)
        self.reason = reason
        self.zone = zone
        self.name = name
        self.type = type
        self.rdata = rdata
        self.by_name = by_name
