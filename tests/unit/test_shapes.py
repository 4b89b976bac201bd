"""Shapes of documents are stable: what was promised under a number holds for as long as that number is printed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from shapes import broken, shape

from netbox_pdns.cli.schemas import schemas

PROMISED = Path(__file__).parents[1] / "data" / "shapes"
"""A file for every document and number, made by `shape` when the number was new."""
NUMBERS = {str(schema["properties"]["schema"]["const"]): schema for schema in schemas().values()}


@pytest.mark.parametrize("document", NUMBERS)
def test_what_was_promised_of_a_document_holds(document: str) -> None:
    """Where it must change, give it the next number and write down what that promises."""
    file = PROMISED / f"{document.replace('/', '.')}.json"
    assert broken(json.loads(file.read_text(encoding="utf-8")), shape(NUMBERS[document])) == []


def schema(**properties: dict[str, Any]) -> dict[str, Any]:
    """Return the schema of an object with these properties, all of them required."""
    return {"type": "object", "properties": properties, "required": list(properties)}


TEXT, NUMBER = {"type": "string"}, {"type": "integer"}
NESTED = {"$defs": {"Inner": schema(a=TEXT)}, **schema(list={"type": "array", "items": {"$ref": "#/$defs/Inner"}})}


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        pytest.param(schema(a=TEXT), schema(a=TEXT), [], id="the-same"),
        pytest.param(schema(a=TEXT), schema(a=TEXT, b=TEXT), [], id="a-field-came"),
        pytest.param(schema(a=TEXT, b=TEXT), schema(a=TEXT), ["b is gone"], id="a-field-went"),
        pytest.param(schema(a=TEXT), schema(a=NUMBER), ["a may be integer now"], id="another-type"),
        pytest.param(
            schema(a=TEXT), schema(a={"anyOf": [TEXT, {"type": "null"}]}), ["a may be null now"], id="a-further-type"
        ),
        pytest.param(schema(a={"anyOf": [TEXT, {"type": "null"}]}), schema(a=TEXT), [], id="a-type-less"),
        pytest.param(schema(a=TEXT), {**schema(a=TEXT), "required": []}, ["a may be missing now"], id="not-always"),
        pytest.param(schema(a={**TEXT, "enum": ["x"]}), schema(a={**TEXT, "enum": ["x", "y"]}), [], id="a-value-came"),
        pytest.param(NESTED, {**NESTED, "$defs": {"Inner": schema()}}, ["list[].a is gone"], id="deep-within"),
        pytest.param(
            schema(a={"type": "object", "additionalProperties": TEXT}),
            schema(a={"type": "object", "additionalProperties": NUMBER}),
            ["a.* may be integer now"],
            id="values-of-a-mapping",
        ),
    ],
)
def test_what_breaks_a_promise(before: dict[str, Any], now: dict[str, Any], said: list[str]) -> None:
    """Readers of the old shape must be able to read the new one."""
    assert broken(shape(before), shape(now)) == said
