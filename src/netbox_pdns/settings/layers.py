"""Where settings come from: the environment, `.env` and the TOML file, each read into one layer of given values.

An earlier layer wins. Nothing is judged here but what can be seen in one layer: files that cannot be read, names that do
not exist, a secret given twice.
"""

from __future__ import annotations

import io
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dotenv import dotenv_values

from netbox_pdns.settings.options import CONFIG, PREFIX, SECTIONS
from netbox_pdns.settings.problems import Problem, unknown

OPTIONS = tuple(name for section in SECTIONS for name in section.model_fields)
SECRETS = tuple(
    name for section in SECTIONS for name, option in section.model_fields.items() if "Secret" in str(option.annotation)
)
FILES = {f"{name}_file": name for name in SECRETS}
"""Options that name the file in which a secret is."""
TABLES = ("targets", "rules")
"""What the TOML file alone can hold."""

# Kubernetes puts these into every container beside a service called netbox-pdns.
_SERVICE_LINK = re.compile(r"service_(host|port)(_\w+)?|port(_\d+_(tcp|udp)(_(proto|port|addr))?)?")
_HEADER = re.compile(r"\s*\[{1,2}\s*([\w.\-]+)\s*\]{1,2}")
_KEY = re.compile(r"\s*([\w.\-]+)\s*=")


@dataclass(frozen=True, slots=True)
class Given:
    """A value as it was given, and where."""

    value: Any = field(repr=False)
    origin: str


@dataclass(frozen=True, slots=True)
class Layer:
    """What one place gives: options by name, the TOML file's tables, and what is wrong there."""

    options: Mapping[str, Given] = field(default_factory=dict)
    tables: Mapping[str, Given] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    lines: Mapping[str, int] = field(default_factory=dict)
    """Lines of the TOML file by dotted key; tables that come several times are numbered: `targets.0.url`."""


def variable(option: str) -> str:
    """Return the variable of *option*."""
    return PREFIX + option.upper()


def of_environment(environ: Mapping[str, str]) -> Layer:
    """Return what *environ* gives; an empty variable gives nothing."""
    return _of_variables(environ, "environment", "")


def of_dotenv(path: Path | None) -> Layer:
    """Return what the file *path* gives, nothing where there is none; names without our prefix are others'."""
    if path is None:
        return Layer()
    try:
        text = path.read_text(encoding="utf-8")
    except (FileNotFoundError, IsADirectoryError, NotADirectoryError):
        return Layer()
    except (OSError, UnicodeDecodeError) as error:
        return Layer(problems=(_unreadable(str(path), error),))
    values = dotenv_values(stream=io.StringIO(text), interpolate=False)
    return _of_variables({name: value or "" for name, value in values.items()}, str(path), f" (in {path})")


def of_toml(path: Path, named_by: str) -> Layer:
    """Return what the TOML file *path* gives; *named_by* is the setting that names it."""
    try:
        text = path.read_text(encoding="utf-8")
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Layer(problems=(Problem(str(path), f"is no TOML: {error}", "correct that line"),))
    except (OSError, UnicodeDecodeError) as error:
        return Layer(problems=(_unreadable(named_by, error),))
    lines = dict(_lines(text))
    options, problems = {}, []
    for name, value in data.items():
        origin = f"{path}:{lines[name]}" if name in lines else str(path)
        if name in OPTIONS or name in FILES:
            options[name] = Given(value, origin)
        elif name not in TABLES:
            problems.append(unknown(f"{name} ({origin})", name, [*OPTIONS, *FILES, *TABLES]))
    tables = {name: Given(data[name], str(path)) for name in TABLES if name in data}
    read, more = _with_secret_files(options)
    return Layer(read, tables, (*problems, *more), lines)


def first_given(layers: Sequence[Layer]) -> dict[str, Given]:
    """Return every given option, the first layer's where several give it."""
    given: dict[str, Given] = {}
    for layer in layers:
        for name, value in layer.options.items():
            given.setdefault(name, value)
    return given


def secret_from(path: Path) -> str:
    """Return the secret in a file, without the line's end; raises OSError, UnicodeDecodeError, ValueError."""
    secret = path.read_text(encoding="utf-8").rstrip("\r\n")
    if not secret:
        raise ValueError("the file is empty")
    return secret


def _of_variables(variables: Mapping[str, str], origin: str, where: str) -> Layer:
    options, problems = {}, []
    for variable_, value in variables.items():
        name = variable_.upper().removeprefix(PREFIX).lower()
        if not variable_.upper().startswith(PREFIX) or not value or _SERVICE_LINK.fullmatch(name):
            continue
        if name in OPTIONS or name in FILES or name == CONFIG:
            options[name] = Given(value, f"{origin}{'' if where else f' {variable_}'}")
        else:
            known = [each.upper() for each in (*OPTIONS, *FILES, CONFIG)]
            problems.append(unknown(f"{variable_}{where}", name.upper(), known, PREFIX))
    read, more = _with_secret_files(options)
    return Layer(read, problems=(*problems, *more))


def _with_secret_files(options: Mapping[str, Given]) -> tuple[dict[str, Given], tuple[Problem, ...]]:
    """Return *options* with secrets in the place of the files that hold them."""
    read = {name: given for name, given in options.items() if name not in FILES}
    problems = []
    for file_option, option in FILES.items():
        if (given := options.get(file_option)) is None:
            continue
        setting = variable(file_option)
        if option in options:
            problems.append(Problem(setting, f"{variable(option)} is set as well", "set one of the two"))
            continue
        try:
            read[option] = Given(secret_from(Path(str(given.value))), f"file {given.value}")
        except (OSError, ValueError) as error:
            problems.append(_unreadable(setting, error))
    return read, tuple(problems)


def _unreadable(setting: str, error: Exception) -> Problem:
    why = "it is no UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)
    return Problem(setting, f"the file cannot be read: {why}", "name a file that this user may read")


def _lines(text: str) -> Iterator[tuple[str, int]]:
    """Yield keys of a TOML file with their lines, those of repeated tables numbered; good enough to point at."""
    table, counts = "", dict.fromkeys(TABLES, -1)
    for number, line in enumerate(text.splitlines(), start=1):
        if header := _HEADER.match(line):
            table = header[1]
            if table in counts and line.lstrip().startswith("[["):
                counts[table] += 1
            first, _, rest = table.partition(".")
            if first in counts:
                table = f"{first}.{counts[first]}" + (f".{rest}" if rest else "")
            yield table, number
        elif key := _KEY.match(line):
            yield f"{table}.{key[1]}" if table else key[1], number
