"""Writes docs/schemas/: the JSON Schemas (2020-12) of `documents`, made of the same types that are printed."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from netbox_pdns.cli.documents import DOCUMENTS


def schemas() -> Mapping[str, dict[str, Any]]:
    """Return the schema of every document by its name: `run`, `zones`, …"""
    return {_name(document): _schema(document) for document in DOCUMENTS}


def files() -> Mapping[str, str]:
    """Return the text of every file in docs/schemas/ by its name."""
    return {
        f"{name}.schema.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in schemas().items()
    }


class _Generator(GenerateJsonSchema):
    """Leaves out titles that repeat a field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def _name(document: type) -> str:
    schema = next(field for field in fields(document) if field.name == "schema")
    return str(schema.default).partition("/")[0]


def _schema(document: type) -> dict[str, Any]:
    made = TypeAdapter(document).json_schema(mode="serialization", schema_generator=_Generator)
    for shape in (made, *made.get("$defs", {}).values()):
        for field in shape.get("properties", {}).values():
            field.pop("default", None)  # what is printed has every field
    return {"$schema": GenerateJsonSchema.schema_dialect, **made}


def write(directory: Path) -> None:
    """Write all files into *directory*, and remove those of documents that are gone."""
    directory.mkdir(parents=True, exist_ok=True)
    made = files()
    for there in directory.glob("*.schema.json"):
        if there.name not in made:
            there.unlink()
    for name, text in made.items():
        (directory / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
