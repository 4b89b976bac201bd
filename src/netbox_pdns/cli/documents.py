"""The shapes of what `--json` prints: the promise to machines, which docs/json.md explains and docs/schemas/ holds.

Fields may be added, and words to a list of words; none changes its meaning or goes while the number in `schema` stays.
`make docs` writes the schemas of `DOCUMENTS`; whoever prints a further document adds it there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from netbox_pdns.planning.values import Action
from netbox_pdns.service.status import Status
from netbox_pdns.shape import Shape
from netbox_pdns.sync.explanation import RRsetStory, ZoneOfName
from netbox_pdns.sync.shapes import Change, Held, LeftOut
from netbox_pdns.sync.verification import Counts, ServerReport


@dataclass(frozen=True, slots=True, kw_only=True)
class Error(Shape):
    """What went wrong."""

    kind: str
    """What to do about it: `transient` (try again), `conflict` (look again), `configuration` (mend a setting) or `data`."""
    message: str
    """What is wrong, where, with which value."""
    hint: str | None
    """What the operator can do."""
    moved: tuple[str, ...] = ()
    """What is not as it was when the plan was reviewed, a line each; empty for every other error."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorDocument(Shape):
    """What a command prints in place of its own document when it cannot run (exit status 1)."""

    schema: Literal["error/1"] = "error/1"
    error: Error


@dataclass(frozen=True, slots=True, kw_only=True)
class Serial(Shape):
    """How the zone's serial goes on."""

    served: int | None
    """What secondaries see now, null for a new zone."""
    next: int
    """What they see afterwards, unless PowerDNS makes its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan(Shape):
    """What is to happen to one zone on one target."""

    zone: str
    target: str
    action: Action
    foreign: bool
    """Whether others made the zone: then `differences` are shown, and nothing is changed unless it is adopted."""
    serial: Serial | None
    """Null where nothing is written."""
    changes: tuple[Change, ...]
    """What is applied, the SOA aside."""
    differences: tuple[Change, ...]
    """How a foreign zone differs from what NetBox wants."""
    held: tuple[Held, ...]
    left_out: tuple[LeftOut, ...]
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome(Shape):
    """One zone on one target, and what became of its plan."""

    zone: str
    view: str | None
    """NetBox's view, null for a zone that NetBox does not want (any more)."""
    netbox_url: str | None
    orphaned: bool
    """Whether it is a zone of ours that NetBox no longer wants."""
    observe_only: bool
    """Whether the settings let it be observed alone."""
    applied: bool
    serial: int | None
    """The serial that is served after the plan was applied, null where nothing was."""
    batches: int
    """Requests with content."""
    seconds: float
    records: int
    """Records that NetBox wants served."""
    removed_file: str | None
    """Where the removed was written down."""
    notes: tuple[str, ...]
    error: Error | None
    plan: Plan | None
    """Null where there is none because of `error`, or because the zone is gone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignZone(Shape):
    """A zone that is neither ours nor in NetBox: it is never touched."""

    zone: str
    kind: str
    account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Target(Shape):
    """One PowerDNS in one run."""

    name: str
    error: Error | None
    """What ended the work there early."""
    held: tuple[Held, ...]
    """What is held of the target as a whole: deletions of zones."""
    zones: tuple[Outcome, ...]
    foreign: tuple[ForeignZone, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary(Shape):
    """A run in numbers; `changed` and `rrsets` are what was applied, or is to apply in a dry run."""

    zones: int
    changed: int
    rrsets: int
    left_out: int
    held: int
    failed: int
    foreign: int
    """Zones of others that NetBox wants otherwise: they wait for their adoption."""
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RunDocument(Shape):
    """`plan --json` (also `--output yaml`) and `sync --json`: a run over all zones of all targets."""

    schema: Literal["run/1"] = "run/1"
    dry_run: bool
    """Whether nothing was to be written: `plan`, and `sync --dry-run`."""
    summary: Summary
    targets: tuple[Target, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ZoneRow(Shape):
    """One zone on one target."""

    zone: str
    target: str
    owner: Literal["ours", "foreign", "orphaned", "absent"]
    """Whose it is; `absent` where the target does not have it."""
    view: str | None = None
    netbox_serial: int | None = None
    served_serial: int | None = None
    records: int | None = None
    """Records that NetBox wants served, null for a zone that it does not want."""
    differences: int | None = None
    """RRsets that are not as NetBox wants them, the held ones among them; null where that is not known."""
    left_out: int = 0
    held: int = 0
    error: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ZonesDocument(Shape):
    """`zones --json`: every zone of every target, sorted by zone and target."""

    schema: Literal["zones/1"] = "zones/1"
    zones: tuple[ZoneRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer(Shape):
    """The answer to one question of `check`."""

    name: str
    state: Literal["ok", "warning", "failed"]
    detail: str
    hint: str | None
    """The mend, where it is not well."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckDocument(Shape):
    """`check --json`: one answer a question, in the order in which a mend makes sense."""

    schema: Literal["check/1"] = "check/1"
    probes: tuple[Answer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting(Shape):
    """One setting in force."""

    name: str
    value: str
    """As it would be written; a secret is masked."""
    origin: str
    """Where it came from: the environment, a file, `default` or `not set`."""
    meaning: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingProblem(Shape):
    """What is wrong with a setting."""

    setting: str
    message: str
    hint: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsDocument(Shape):
    """`settings --json`: all settings, and what is wrong with them."""

    schema: Literal["settings/1"] = "settings/1"
    settings: tuple[Setting, ...]
    problems: tuple[SettingProblem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifyDocument(Shape):
    """`verify --json`: what DNS showed of all that NetBox wants."""

    schema: Literal["verify/1"] = "verify/1"
    as_wanted: bool
    """Whether every server that was asked shows all as NetBox wants it."""
    counts: Counts
    seconds: float
    servers: tuple[ServerReport, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ExplainDocument(Shape):
    """`explain --json`: the story of one name."""

    schema: Literal["explain/1"] = "explain/1"
    name: str
    """Canonical: absolute, in lower case."""
    conclusion: str
    """The story in one line."""
    as_wanted: bool
    """False where something that NetBox wants is not served as it wants it."""
    zones: tuple[ZoneOfName, ...]
    rrsets: tuple[RRsetStory, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupStep(Shape):
    """One object in NetBox."""

    action: Literal["add", "change", "keep", "remove"]
    kind: Literal["webhook", "event rule", "user", "permission", "token"]
    name: str
    fields: tuple[str, ...]
    """What of it is otherwise, where it is to be changed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupDocument(Shape):
    """`setup netbox --json`: what is to be set up in NetBox, or was."""

    schema: Literal["setup/1"] = "setup/1"
    done: bool
    """Whether it was done: with `--yes`."""
    steps: tuple[SetupStep, ...]
    left_out: str | None
    """Why no user and token are made, where they cannot be."""
    token: str | None
    """The token that was made; it is not shown again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionDocument(Shape):
    """`version --json`."""

    schema: Literal["version/1"] = "version/1"
    version: str
    python: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StatusDocument(Shape):
    """`status --json`: what the service says of itself."""

    schema: Literal["status/1"] = "status/1"
    url: str
    """Where the service was asked."""
    service: Status


DOCUMENTS: tuple[type, ...] = (
    RunDocument,
    ZonesDocument,
    CheckDocument,
    SettingsDocument,
    VerifyDocument,
    ExplainDocument,
    SetupDocument,
    VersionDocument,
    StatusDocument,
    ErrorDocument,
)
"""All that `--json` prints, each with a field `schema`: its name, a slash, and the number of its shape."""
