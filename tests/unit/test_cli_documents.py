"""What `--json` prints: its schemas are those of the code's own types, and what the commands print is as they say."""

from __future__ import annotations

import json
from dataclasses import fields

import pytest
import yaml
from cli_estate import Estate
from cli_reports import CHANGED, FAILED, FOREIGN, GOING, GOING_HELD, HELD, LEFT_OUT, WRONG, report
from documents_promised import SCHEMAS, as_promised
from jsonschema import Draft202012Validator, ValidationError

from netbox_pdns.cli import as_documents
from netbox_pdns.cli.documents import DOCUMENTS
from netbox_pdns.cli.schemas import files, schemas
from netbox_pdns.cli.terminal import Terminal
from netbox_pdns.planning.values import TargetZone

MADE = schemas()


def test_the_schemas_are_written_down_as_the_types_have_them() -> None:
    """docs/schemas/ holds what `make docs` writes there, and nothing else."""
    there = {path.name: path.read_text(encoding="utf-8") for path in SCHEMAS.iterdir()}
    assert there == dict(files()), "run `make docs`"


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.__name__)
def test_a_document_says_what_it_is(document: type) -> None:
    """Its field `schema` comes first and holds a name and a number."""
    first = fields(document)[0]
    name, _, number = str(first.default).partition("/")
    assert first.name == "schema"
    assert name in MADE
    assert int(number) >= 1


@pytest.mark.parametrize("name", MADE)
def test_a_schema_is_one(name: str) -> None:
    """It is valid, has every field that is printed among the required ones, and leaves room for more."""
    schema = MADE[name]
    Draft202012Validator.check_schema(schema)
    for shape in [schema, *(each for each in schema.get("$defs", {}).values() if "properties" in each)]:
        assert shape["required"] == list(shape["properties"])
        assert "additionalProperties" not in shape
        assert shape["description"]


def test_every_page_of_a_run_is_as_promised() -> None:
    """Whatever a run came to: changed, held, left out, failed, foreign, going."""
    foreign = (TargetZone("f.", "Native", "", 1),)
    done = report(CHANGED, LEFT_OUT, HELD, FOREIGN, FAILED, GOING, held=(GOING_HELD,), foreign=foreign, error=WRONG)
    data = as_promised(Terminal().data(as_documents.run(done)))
    assert [each["plan"] is None for each in data["targets"][0]["zones"]] == [False, False, False, False, True, False]


@pytest.mark.parametrize(
    ("command", "name"),
    [
        (["plan"], "run"),
        (["sync", "--dry-run"], "run"),
        (["sync"], "run"),
        (["zones"], "zones"),
        (["check"], "check"),
        (["settings"], "settings"),
        (["verify"], "verify"),
        (["explain", "www.a.example"], "explain"),
        (["version"], "version"),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_what_a_command_prints_is_as_promised(command: list[str], name: str, shared_estate: Estate) -> None:
    """Its one document is the one of its name."""
    done = shared_estate.run(*command, "--json")
    assert as_promised(json.loads(done.stdout))["schema"].partition("/")[0] == name


def test_an_error_is_as_promised(shared_estate: Estate) -> None:
    """A command that cannot run prints an error document, whatever it would have printed."""
    done = shared_estate.run("zones", "--json", NETBOX_PDNS_NB_VIEW="nowhere")
    assert done.exit_code == 1
    assert as_promised(json.loads(done.stdout))["error"]["kind"] == "configuration"


def test_yaml_is_the_same_document(shared_estate: Estate) -> None:
    """`plan --output yaml` says what `plan --json` says."""
    data = as_promised(yaml.safe_load(shared_estate.run("plan", "--output", "yaml").stdout))
    same = json.loads(shared_estate.run("plan", "--json").stdout)
    plans = [[zone["plan"] for zone in document["targets"][0]["zones"]] for document in (data, same)]
    assert plans[0] == plans[1]
    assert len(plans[0]) == 2


def test_what_is_not_as_promised_is_told() -> None:
    """The check of this page sees a field too many, and one that is missing."""
    document = Terminal().data(as_documents.run(report(CHANGED)))
    del document["targets"][0]["zones"][0]["applied"]
    with pytest.raises(ValidationError, match="applied"):
        as_promised(document)
    with pytest.raises(ValidationError, match="surplus"):
        as_promised({**Terminal().data(as_documents.run(report(CHANGED))), "surplus": 1})
