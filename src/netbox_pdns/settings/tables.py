"""What the TOML file alone can say: more targets, and rules by zone pattern."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from netbox_pdns.settings.layers import Layer, secret_from
from netbox_pdns.settings.models import TargetSettings, ZoneRule
from netbox_pdns.settings.problems import Problem, details, invalid, unknown

_NOT_WRITTEN = {"flat"}
"""Fields of a target that are ours to fill."""
_TOKEN_FILE = "token_file"  # noqa: S105  it is a key's name


def rules_of(layer: Layer, problems: list[Problem]) -> tuple[ZoneRule, ...]:
    """Return the rules that hold for every target."""
    rules: list[ZoneRule] = []
    for number, raw in enumerate(_rows(layer, "rules", problems)):
        place = _place(layer, f"rules.{number}", f"rules[{number + 1}]")
        rules.extend(_made(ZoneRule, raw, {}, place, problems))
    return tuple(rules)


def targets_of(layer: Layer, defaults: Mapping[str, Any], problems: list[Problem]) -> tuple[TargetSettings, ...]:
    """Return the targets of the file; what one does not say is as *defaults* has it."""
    targets: list[TargetSettings] = []
    for number, raw in enumerate(_rows(layer, "targets", problems)):
        name = raw.get("name")
        place = _place(layer, f"targets.{number}", f"targets[{name or number + 1}]")
        if name is None:
            problems.append(Problem(f"{place}.name", "is not set", "give each of the [[targets]] a name of its own"))
            continue
        targets.extend(_made(TargetSettings, _with_secret(raw, place, problems), defaults, place, problems))
    return tuple(targets)


def _rows(layer: Layer, table: str, problems: list[Problem]) -> Sequence[dict[str, Any]]:
    given = layer.tables.get(table)
    if given is None:
        return ()
    if isinstance(given.value, list) and all(isinstance(row, dict) for row in given.value):
        return given.value
    problems.append(Problem(f"{table} ({given.origin})", "is no list of tables", f"write it as [[{table}]]"))
    return ()


def _place(layer: Layer, key: str, name: str) -> str:
    """Return what a row is called, with its line where that is known."""
    return f"{name} (line {layer.lines[key]})" if key in layer.lines else name


def _with_secret(raw: dict[str, Any], place: str, problems: list[Problem]) -> dict[str, Any]:
    if _TOKEN_FILE not in raw:
        return raw
    rest = {name: value for name, value in raw.items() if name != _TOKEN_FILE}
    setting = f"{place}.{_TOKEN_FILE}"
    if "token" in raw:
        problems.append(Problem(setting, "token is set as well", "set one of the two"))
        return rest
    try:
        return {**rest, "token": secret_from(Path(str(raw[_TOKEN_FILE])))}
    except (OSError, ValueError) as error:
        problems.append(Problem(setting, f"the file cannot be read: {error}", "name a file that this user may read"))
        return {**rest, "token": ""}


def _made(
    model: type[Any], raw: dict[str, Any], defaults: Mapping[str, Any], place: str, problems: list[Problem]
) -> Iterator[Any]:
    """Yield the one *model* that *raw* makes, none where something is wrong."""
    strange = list(_unknown(model, raw, place))
    problems.extend(strange)
    merged = {**defaults, **raw}
    if "limits" in defaults and isinstance(raw.get("limits"), dict):
        merged["limits"] = {**dataclasses.asdict(defaults["limits"]), **raw["limits"]}
    if "rules" in defaults and isinstance(raw.get("rules"), list):
        merged["rules"] = [*raw["rules"], *defaults["rules"]]
    try:
        made = model.model_validate(merged)
    except ValidationError as error:
        for detail in details(error):
            if detail["type"] not in {"extra_forbidden", "unexpected_keyword_argument"}:
                path = "".join(f"[{part + 1}]" if isinstance(part, int) else f".{part}" for part in detail["loc"])
                problems.append(invalid(detail, place + path))
    else:
        if not strange:
            yield made


def _unknown(model: type[Any], raw: Mapping[str, Any], place: str) -> Iterator[Problem]:
    fields = _fields(model)
    known = [name for name in fields if name not in _NOT_WRITTEN]
    if model is TargetSettings:
        known.append(_TOKEN_FILE)
    for name, value in raw.items():
        if name not in known:
            yield unknown(f"{place}.{name}", name, known)
        elif (inner := _inner(fields.get(name))) is not None:
            rows = value if isinstance(value, list) else [value]
            for row in rows:
                if isinstance(row, dict):
                    yield from _unknown(inner, row, f"{place}.{name}")


def _fields(model: type[Any]) -> Mapping[str, Any]:
    if issubclass(model, BaseModel):
        return {name: option.annotation for name, option in model.model_fields.items()}
    return {each.name: each.type for each in dataclasses.fields(model)}


def _inner(annotation: Any) -> type[Any] | None:
    """Return the class of settings that a field holds, one or several of them; None where it holds plain values."""
    for kind in (annotation, *get_args(annotation)):
        if isinstance(kind, type) and (dataclasses.is_dataclass(kind) or issubclass(kind, BaseModel)):
            return kind
    return None
