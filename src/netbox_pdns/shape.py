"""What every value is that `--json` prints: documents are in `netbox_pdns.cli.documents`, the promise in docs/json.md."""

from __future__ import annotations

from typing import ClassVar


class Shape:
    """In the JSON Schema that is made of it each field stands with its docstring, and is always there."""

    __slots__ = ()
    __pydantic_config__: ClassVar = {
        "use_attribute_docstrings": True,
        "json_schema_serialization_defaults_required": True,
    }
