"""The JSON documents that are promised: what a command printed is held against its schema in docs/schemas/."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator

SCHEMAS = Path(__file__).parents[1] / "docs" / "schemas"


def as_promised(document: Any) -> Any:
    """Return *document*, which must be as the schema that it names says, every field written down there."""
    name = document["schema"].partition("/")[0]
    schema = json.loads((SCHEMAS / f"{name}.schema.json").read_text(encoding="utf-8"))
    Draft202012Validator(_closed(schema)).validate(document)
    return document


def _closed(schema: Any) -> Any:
    """Return *schema* without room for fields that it does not know: those are readers' to bear, not ours to print."""
    if isinstance(schema, list):
        return [_closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {key: _closed(value) for key, value in schema.items()}
    is_open = schema.get("type") == "object" and "additionalProperties" not in schema
    return {**closed, "additionalProperties": False} if is_open else closed
