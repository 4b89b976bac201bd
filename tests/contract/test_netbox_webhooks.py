"""Webhooks of NetBox, the sandbox's and the real one: how they are set up, and what each edit sends."""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
import servers
from hints_noted import NotedHints
from netbox_servers import CHANGES, DNS, Company, NetBox, company_fixture, netbox_fixture  # noqa: F401 - fixtures
from webhook_receiver import Delivery, Receiver, receiving

from netbox_pdns.triggers.webhook import leave_hints, read_webhook
from netbox_pdns.triggers.zone_names import ZoneNames

HOOKS, RULES = "extras/webhooks", "extras/event-rules"
TYPES = ["netbox_dns.view", "netbox_dns.nameserver", "netbox_dns.record", "netbox_dns.zone"]
EVENTS = ["object_created", "object_updated", "object_deleted"]
SECRET = "s3cret"


@dataclass
class Heard:
    """A company whose edits are told to a receiver."""

    company: Company
    receiver: Receiver
    hook: int
    rule: int

    @contextmanager
    def deliveries(self) -> Iterator[list[Delivery]]:
        """Give a list that has, after the block, the webhooks of the edits that were made in it, as they came."""
        heard: list[Delivery] = []
        self._until_here()
        yield heard
        heard += self._until_here()

    def _until_here(self) -> list[Delivery]:
        """Wait for all that was sent up to now: webhooks come in the order of the edits."""
        name = f"mark{secrets.token_hex(3)}.{self.company.word}.example"
        self.company.netbox.done("POST", f"{DNS}/nameservers/", {"name": name})
        return self.receiver.until(lambda delivery: delivery.line == ("created", "nameserver", name))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """Where webhooks come in."""
    with receiving() as taking:
        yield taking


@pytest.fixture
def heard(company: Company, receiver: Receiver) -> Iterator[Heard]:
    """A company of the test's own with a webhook and an event rule; both are gone after the test."""
    netbox = company.netbox
    hook = netbox.done("POST", f"{HOOKS}/", {"name": company.word, "payload_url": receiver.url, "secret": SECRET})
    rule = netbox.done("POST", f"{RULES}/", _rule(company.word, hook["id"]))
    try:
        yield Heard(company, receiver, hook["id"], rule["id"])
    finally:
        netbox.done("DELETE", f"{RULES}/{rule['id']}/")
        netbox.done("DELETE", f"{HOOKS}/{hook['id']}/")


def _rule(name: str, hook: int, **more: Any) -> dict[str, Any]:
    return {
        "name": name,
        "object_types": TYPES,
        "event_types": EVENTS,
        "action_type": "webhook",
        "action_object_type": "extras.webhook",
        "action_object_id": hook,
        **more,
    }


def _is_of_serial(delivery: Delivery) -> bool:
    """Tell whether it says that a zone's serial was raised, which it is within one second once."""
    event, kind, _ = delivery.line
    data = delivery.said["data"]
    before, after = (delivery.said["snapshots"][each] or {} for each in ("prechange", "postchange"))
    if event != "updated" or not before or (kind == "record" and data["type"] != "SOA"):
        return False
    return {each for each in before if before[each] != after.get(each)} <= {"soa_serial", "value"}


def _lines(deliveries: list[Delivery]) -> list[str]:
    """Return event, type and name of each, leaving out what a raised serial brings."""
    return sorted(" ".join(each.line) for each in deliveries if not _is_of_serial(each))


def test_a_webhook_and_its_rule(heard: Heard) -> None:
    """Both are listed by name, changed, and shown with all that they are."""
    netbox, word = heard.company.netbox, heard.company.word
    (hook,) = netbox.rows(HOOKS, f"name={word}")
    (rule,) = netbox.rows(RULES, f"name={word}")
    assert hook["id"] == heard.hook
    assert {name: hook[name] for name in ("payload_url", "secret", "http_method", "ssl_verification", "timeout")} == {
        "payload_url": heard.receiver.url,
        "secret": SECRET,
        "http_method": "POST",
        "ssl_verification": True,
        "timeout": None,
    }
    assert sorted(rule["object_types"]) == sorted(TYPES)
    assert rule["event_types"] == EVENTS
    assert rule["action_type"] == {"value": "webhook", "label": "Webhook"}
    assert (rule["action_object_type"], rule["action_object_id"], rule["enabled"]) == (
        "extras.webhook",
        heard.hook,
        True,
    )
    assert rule["action_object"] == netbox.rows(HOOKS, f"name={word}&brief=1")[0]
    changed = netbox.done("PATCH", f"{HOOKS}/{heard.hook}/", {"secret": "other", "ssl_verification": False})
    assert (changed["secret"], changed["ssl_verification"]) == ("other", False)
    assert netbox.done("PATCH", f"{RULES}/{heard.rule}/", {"enabled": False})["enabled"] is False


@pytest.mark.parametrize(
    ("path", "body", "refusal"),
    [
        (HOOKS, {}, {"name": ["This field is required."], "payload_url": ["This field is required."]}),
        (
            HOOKS,
            {"name": "x", "payload_url": "ftp://a"},
            {"payload_url": ["Enter a valid URL, beginning with http:// or https://."]},
        ),
        (
            HOOKS,
            {"name": "x", "payload_url": "http://a", "http_method": "X"},
            {"http_method": ['"X" is not a valid choice.']},
        ),
        (HOOKS, {"name": "WORD", "payload_url": "http://a"}, {"name": ["webhook with this name already exists."]}),
        (
            RULES,
            {},
            {name: ["This field is required."] for name in ("object_types", "name", "event_types", "action_type")},
        ),
        (
            RULES,
            {"object_types": ["netbox_dns.nothing"]},
            {"object_types": ["Invalid content type: netbox_dns.nothing"]},
        ),
        (RULES, {"event_types": ["object_gone"]}, {"event_types": {"0": ['"object_gone" is not a valid choice.']}}),
        (RULES, {"event_types": []}, {"event_types": ["This list may not be empty."]}),
        (
            RULES,
            {"action_object_id": 99999999},
            {"action_object_id": ["Related object not found using the provided value: 99999999."]},
        ),
        (
            RULES,
            {"action_object_type": None, "action_object_id": None},
            {"action_object_id": ["This action requires a target object to be selected."]},
        ),
        (RULES, {"action_type": "other"}, {"action_type": ["other is not a valid choice."]}),
        (RULES, {"name": "WORD"}, {"name": ["event rule with this name already exists."]}),
    ],
)
def test_what_cannot_be_set_up(heard: Heard, path: str, body: dict[str, Any], refusal: dict[str, Any]) -> None:
    """Each mistake is named with its field."""
    body = {name: heard.company.word if value == "WORD" else value for name, value in body.items()}
    if path == RULES and body:
        body = {**_rule("x", heard.hook), **body}
    answer = heard.company.netbox.ask("POST", f"{path}/", body)
    assert (answer.status_code, answer.json()) == (400, refusal)


def test_a_deleted_webhook_takes_its_rules(company: Company) -> None:
    """No rule leads nowhere."""
    netbox = company.netbox
    hook = netbox.done("POST", f"{HOOKS}/", {"name": company.word, "payload_url": "http://127.0.0.1:9/"})["id"]
    netbox.done("POST", f"{RULES}/", _rule(company.word, hook, enabled=False))
    netbox.done("DELETE", f"{HOOKS}/{hook}/")
    assert netbox.rows(RULES, f"name={company.word}") == []


def test_the_payload_of_a_record(heard: Heard) -> None:
    """The object as the API shows it, the states before and after as the change log has them, and who did it."""
    company = heard.company
    zone = company.zone(f"{company.word}.example")
    with company.log() as entries, heard.deliveries() as came:
        record = company.record(zone, "www", "TXT", "x")
        company.edit("records", record, value="y")
    about = [each for each in came if each.said["data"]["id"] == record and each.line[1] == "record"]
    logged = [
        each for each in entries if each["changed_object_id"] == record and "record" in each["changed_object_type"]
    ]
    made, changed = (each.said for each in about)
    shown = json.dumps(company.netbox.done("GET", f"{DNS}/records/{record}/"))
    assert changed["data"] == json.loads(shown.replace(company.netbox.reached.url, ""))
    assert (made["event"], changed["event"]) == ("created", "updated")
    assert made["snapshots"]["prechange"] is None
    assert made["snapshots"]["postchange"] == changed["snapshots"]["prechange"]
    for said, entry in zip((made, changed), logged, strict=True):
        assert said.keys() == {"event", "timestamp", "object_type", "data", "request", "snapshots"}
        assert said["object_type"] == "netbox_dns.record"
        assert {**said["snapshots"]["postchange"], "created": None} == {**entry["postchange_data"], "created": None}
        assert said["request"]["id"] == entry["request_id"]
    path = f"/api/{DNS}/records/"
    request = {"path": path, "path_info": path, "method": "POST", "GET": {}, "user": "admin"}
    assert {name: value for name, value in made["request"].items() if name != "id"} == request


def test_the_signature(heard: Heard) -> None:
    """The HMAC-SHA512 of the raw body with the webhook's secret, in hex; without a secret none."""
    with heard.deliveries() as came:
        heard.company.zone(f"{heard.company.word}.example")
    assert len(came) == 3
    for each in came:
        assert each.headers["content-type"] == "application/json"
        assert each.headers["x-hook-signature"] == hmac.new(SECRET.encode(), each.body, hashlib.sha512).hexdigest()
    heard.company.netbox.done("PATCH", f"{HOOKS}/{heard.hook}/", {"secret": ""})
    with heard.deliveries() as came:
        heard.company.zone(f"other.{heard.company.word}.example")
    assert all("x-hook-signature" not in each.headers for each in came)


def test_an_address_and_its_pointer(heard: Heard) -> None:
    """The pointer has webhooks of its own, before the address's; a change says both names."""
    company, octets = heard.company, [str(secrets.randbelow(256)) for _ in range(2)]
    reverse = ".".join([*reversed(octets), "10.in-addr.arpa"])
    network, word = ".".join(["10", *octets]), company.word
    zone = company.zone(f"{word}.example")
    company.zone(reverse)
    with heard.deliveries() as made:
        record = company.record(zone, "www", "A", f"{network}.1")
    with heard.deliveries() as changed:
        company.edit("records", record, value=f"{network}.2")
    with heard.deliveries() as gone:
        company.delete("records", record)
    pointers = [f"{number}.{reverse}. PTR" for number in (1, 2)]
    told = [" ".join(each.line) for each in made if each.line[0] == "created"]
    assert told == [f"created record {pointers[0]}", f"created record www.{word}.example. A"]
    assert _lines(changed) == [f"updated record {pointers[1]}", f"updated record www.{word}.example. A"]
    assert _lines(gone) == [f"deleted record {pointers[1]}", f"deleted record www.{word}.example. A"]
    (pointer,) = [each.said["snapshots"] for each in changed if each.line[2] == pointers[1]]
    assert [pointer[each]["fqdn"] for each in ("prechange", "postchange")] == [
        f"{each}." for each in (f"1.{reverse}", f"2.{reverse}")
    ]


def _hints(names: ZoneNames, deliveries: list[Delivery]) -> list[str]:
    """Return what we look at after these webhooks, as lines."""
    hints = NotedHints()
    for each in deliveries:
        leave_hints(read_webhook(each.body), hints, names, came=0.0)
    return hints.text


def test_what_is_looked_at(heard: Heard) -> None:
    """Just the RRsets of what was edited, where it was before and where it is now; a whole zone where it is its own edit."""
    company, names = heard.company, ZoneNames()
    word, octets = company.word, [str(secrets.randbelow(256)) for _ in range(2)]
    network, reverse = ".".join(["10", *octets]), ".".join([*reversed(octets), "10.in-addr.arpa"])
    one, two, new = f"{word}.example.", f"two.{word}.example.", f"new.{word}.example."
    with heard.deliveries() as came:
        zone, other = company.zone(one[:-1]), company.zone(two[:-1])
        company.zone(reverse)
    assert _hints(names, came) == sorted([one, two, f"{reverse}."])
    with heard.deliveries() as came:
        record = company.record(zone, "www", "A", f"{network}.1")
    assert _hints(names, came) == sorted([f"{one}: www.{one} A", f"{reverse}.: 1.{reverse}. PTR"])
    with heard.deliveries() as came:
        company.edit("records", record, name="web", value=f"{network}.2")
    pointers = f"{reverse}.: 1.{reverse}. PTR, 2.{reverse}. PTR"
    assert _hints(names, came) == sorted([f"{one}: web.{one} A, www.{one} A", pointers])
    with heard.deliveries() as came:
        company.edit("records", record, zone=other)
    assert _hints(names, came) == sorted(
        [f"{one}: web.{one} A", f"{two}: web.{two} A", f"{reverse}.: 2.{reverse}. PTR"]
    )
    with heard.deliveries() as came:
        company.edit("zones", zone, soa_refresh=4711)
    assert _hints(names, came) == [f"{one}: {one} SOA"]
    with heard.deliveries() as came:
        company.edit("zones", zone, name=new[:-1])
    assert _hints(names, came) == sorted([one, new])
    with heard.deliveries() as came:
        company.edit("nameservers", company.nameserver, name=f"ns9.{word}.example")
    assert set(_hints(names, came)) >= {"everywhere lists", f"{two}: {two} NS, {two} SOA"}
    with heard.deliveries() as came:
        company.delete("zones", other)
    assert two in _hints(names, came)


def test_a_raised_serial(heard: Heard) -> None:
    """With the record come its zone and its SOA, whose serials alone are others."""
    company = heard.company
    zone = company.zone(f"{company.word}.example")
    serial = company.serial(zone)
    with heard.deliveries() as came:
        servers.eventually(lambda: _raised(company, zone, serial), timeout=20.0, what="the next second")
    lines = {" ".join(each.line) for each in came if _is_of_serial(each)}
    assert lines == {f"updated zone {company.word}.example", f"updated record {company.word}.example. SOA"}


def _raised(company: Company, zone: int, serial: int) -> bool:
    company.record(zone, "www", "TXT", secrets.token_hex(4))
    return company.serial(zone) != serial


def test_a_moved_record(heard: Heard) -> None:
    """Its zone before stands in the state before, by its id alone; that zone has no webhook."""
    company, word = heard.company, heard.company.word
    one, two = company.zone(f"{word}.example"), company.zone(f"two.{word}.example")
    record = company.record(one, "t", "TXT", "x")
    with heard.deliveries() as came:
        company.edit("records", record, zone=two)
    assert _lines(came) == [f"updated record t.two.{word}.example. TXT"]
    (said,) = [each.said for each in came if each.line[1] == "record" and not _is_of_serial(each)]
    assert [said["snapshots"][each]["zone"] for each in ("prechange", "postchange")] == [one, two]
    assert f"updated zone {word}.example" not in {" ".join(each.line) for each in came}


def test_a_renamed_zone(heard: Heard) -> None:
    """The zone's webhook has both names; those of its records have no state before."""
    company, word = heard.company, heard.company.word
    zone = company.zone(f"{word}.example")
    company.record(zone, "www", "TXT", "x")
    with heard.deliveries() as came:
        company.edit("zones", zone, name=f"new.{word}.example")
    assert _lines(came) == [
        f"updated record new.{word}.example. NS",
        f"updated record new.{word}.example. SOA",
        f"updated record www.new.{word}.example. TXT",
        f"updated zone new.{word}.example",
    ]
    states = {" ".join(each.line[1:]): each.said["snapshots"]["prechange"] for each in came}
    assert states[f"zone new.{word}.example"]["name"] == f"{word}.example"
    assert states[f"record www.new.{word}.example. TXT"] is None


def test_a_renamed_nameserver(heard: Heard) -> None:
    """The SOA and NS records that name it have webhooks of their own."""
    company, word = heard.company, heard.company.word
    company.zone(f"{word}.example")
    with heard.deliveries() as came:
        company.edit("nameservers", company.nameserver, name=f"ns9.{word}.example")
    assert " ".join(came[0].line) == f"updated nameserver ns9.{word}.example"
    assert [line for line in _lines(came) if "nameserver" not in line and "SOA" not in line] == [
        f"created record {word}.example. NS",
        f"deleted record {word}.example. NS",
    ]
    (soa,) = [each.said for each in came if each.line[2].endswith(" SOA")]
    assert soa["data"]["value"].startswith(f"ns9.{word}.example. ")


def test_a_deleted_zone(heard: Heard) -> None:
    """All of its records have webhooks, before the zone's; each shows what it was, with the zone."""
    company, word = heard.company, heard.company.word
    zone = company.zone(f"{word}.example")
    company.record(zone, "www", "TXT", "x")
    with heard.deliveries() as came:
        company.delete("zones", zone)
    assert _lines(came) == [
        f"deleted record {word}.example. NS",
        f"deleted record {word}.example. SOA",
        f"deleted record www.{word}.example. TXT",
        f"deleted zone {word}.example",
    ]
    assert " ".join(came[-1].line) == f"deleted zone {word}.example"
    assert {each.said["data"]["zone"]["name"] for each in came[:-1]} == {f"{word}.example"}
    assert all(each.said["snapshots"]["postchange"] is None for each in came)


def test_a_list_sends_a_webhook_for_each_object(heard: Heard) -> None:
    """However many edits of one request there are to it."""
    company, word = heard.company, heard.company.word
    zone = company.zone(f"{word}.example")
    rows = [{"zone": zone, "name": f"t{n}", "type": "TXT", "value": "x"} for n in range(3)]
    with heard.deliveries() as came:
        company.netbox.done("POST", f"{DNS}/records/", rows)
    assert [each for each in _lines(came) if "created" in each] == [
        f"created record t{n}.{word}.example. TXT" for n in range(3)
    ]
    assert len(came) == len({each.line for each in came})


def test_what_sends_nothing(heard: Heard) -> None:
    """An edit without a difference, one that is refused, and what no rule is for."""
    company, netbox = heard.company, heard.company.netbox
    zone = company.zone(f"{company.word}.example")
    record = company.record(zone, "www", "TXT", "x")
    with heard.deliveries() as came:
        company.edit("records", record, value="x")
        good = {"zone": zone, "name": "good", "type": "TXT", "value": "x"}
        assert netbox.ask("POST", f"{DNS}/records/", [good, {**good, "name": "-bad"}]).status_code == 400
        netbox.done("PATCH", f"{RULES}/{heard.rule}/", {"event_types": ["object_deleted"]})
        company.edit("records", record, value="y")
        netbox.done("PATCH", f"{RULES}/{heard.rule}/", {"event_types": EVENTS, "object_types": ["netbox_dns.zone"]})
        company.edit("records", record, value="z")
        netbox.done("PATCH", f"{RULES}/{heard.rule}/", {"object_types": TYPES, "enabled": False})
        company.edit("records", record, value="a")
        netbox.done("PATCH", f"{RULES}/{heard.rule}/", {"enabled": True})
    assert _lines(came) == []


def test_what_is_not_taken_is_not_sent_again(heard: Heard) -> None:
    """The next one is sent all the same."""
    heard.receiver.status = 503
    with heard.deliveries() as came:
        zone = heard.company.zone(f"{heard.company.word}.example")
    assert len(came) == 3
    with heard.deliveries() as came:
        heard.company.edit("zones", zone, default_ttl=60)
    assert _lines(came) == [f"updated zone {heard.company.word}.example"]
