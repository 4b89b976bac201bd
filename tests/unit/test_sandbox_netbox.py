"""What the sandbox's NetBox promises beside the contract: large zones at ease, nothing left of what is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest
from webhook_receiver import receiving

from netbox_pdns.sandbox.background import in_background
from netbox_pdns.sandbox.netbox import Hook, Permission, Token, running_netbox
from netbox_pdns.sandbox.netbox.webhooks import Delivery
from netbox_pdns.sandbox.netbox.worker import Worker
from netbox_pdns.triggers.signatures import is_signed

_DNS = "/api/plugins/netbox-dns"
_READER = Token("0123456789", "reader", (Permission("netbox_dns.zone"),))


@pytest.fixture
def netbox() -> Iterator[httpx2.Client]:
    """An administrator's client of an empty NetBox."""
    with in_background(running_netbox(tokens=[_READER])) as reached:
        headers = {"Authorization": f"Token {reached.token}"}
        with httpx2.Client(base_url=reached.url, headers=headers, trust_env=False, timeout=60.0) as client:
            yield client


def _post(netbox: httpx2.Client, path: str, body: Any) -> Any:
    answer = netbox.post(f"{_DNS}/{path}/", json=body)
    assert answer.is_success, answer.text
    return answer.json()


def _zone(netbox: httpx2.Client, name: str) -> int:
    nameserver = _post(netbox, "nameservers", {"name": f"ns1.{name}"})["id"]
    body = {"name": name, "nameservers": [nameserver], "soa_mname": nameserver, "soa_rname": f"hostmaster.{name}"}
    return int(_post(netbox, "zones", body)["id"])


def test_a_zone_of_many_pages_is_read_by_id(netbox: httpx2.Client) -> None:
    """Every record comes once, in the order of ids, however many pages there are."""
    zone = _zone(netbox, "example.com")
    rows = [{"zone": zone, "name": f"t{n}", "type": "TXT", "value": "x"} for n in range(2500)]
    _post(netbox, "records", rows)
    ids: list[int] = []
    path: str | None = f"{_DNS}/records/?zone_id={zone}&fields=id&limit=1000&start=0"
    while path is not None:
        page = netbox.get(path).json()
        ids += [row["id"] for row in page["results"]]
        path = page["next"]
    assert len(ids) == 2502
    assert ids == sorted(set(ids))


def test_a_refused_list_leaves_nothing(netbox: httpx2.Client) -> None:
    """Records, serial, pointers and change log are as before where one record of a list is refused."""
    zone, reverse = _zone(netbox, "example.com"), _zone(netbox, "2.0.192.in-addr.arpa")
    paths = (f"{_DNS}/records/?ordering=id", f"{_DNS}/zones/?ordering=id", "/api/core/object-changes/?ordering=id")
    before = [netbox.get(path).json() for path in paths]
    good = {"zone": zone, "name": "www", "type": "A", "value": "192.0.2.1"}
    assert netbox.post(f"{_DNS}/records/", json=[good, {**good, "name": "-bad"}]).status_code == 400
    assert [netbox.get(path).json() for path in paths] == before
    record = _post(netbox, "records", good)
    assert record["ptr_record"]["zone"]["id"] == reverse


def test_a_deletion_that_is_refused_in_part_is_undone_in_order(netbox: httpx2.Client) -> None:
    """What was taken out before the refusal is there again, at its place among the others."""
    zone = _zone(netbox, "example.com")
    made = [
        _post(netbox, "records", {"zone": zone, "name": f"t{n}", "type": "TXT", "value": "x"})["id"] for n in range(3)
    ]
    soa = netbox.get(f"{_DNS}/records/?zone_id={zone}&type=SOA").json()["results"][0]["id"]
    bodies = [{"id": made[0]}, {"id": soa}]
    assert netbox.request("DELETE", f"{_DNS}/records/", json=bodies).status_code == 400
    page = netbox.get(f"{_DNS}/records/?zone_id={zone}&managed=false&fields=id&start=0").json()
    assert [row["id"] for row in page["results"]] == made


def test_a_token_may_what_its_permissions_say(netbox: httpx2.Client) -> None:
    """A token that is given at the start sees the types that it names, and no others."""
    headers = {"Authorization": f"Token {_READER.secret}"}
    statuses = {kind: netbox.get(f"{_DNS}/{kind}/", headers=headers).status_code for kind in ("zones", "records")}
    assert statuses == {"zones": 200, "records": 403}


def test_a_webhook_that_is_there_from_the_start() -> None:
    """It is told of all that happens to DNS objects, signed with its secret, in order, however many edits there are."""
    with receiving() as receiver, in_background(running_netbox(hooks=[Hook(receiver.url, "s3cret")])) as reached:
        headers = {"Authorization": f"Token {reached.token}"}
        with httpx2.Client(base_url=reached.url, headers=headers, trust_env=False, timeout=60.0) as client:
            zone = _zone(client, "example.com")
            for n in range(20):
                _post(client, "records", {"zone": zone, "name": f"t{n}", "type": "TXT", "value": "x"})
            _post(client, "views", {"name": "end"})
        came = receiver.until(lambda delivery: delivery.line == ("created", "view", "end"))
    made = [name for event, kind, name in (each.line for each in came) if (event, kind) == ("created", "record")]
    assert made[-20:] == [f"t{n}.example.com. TXT" for n in range(20)]
    assert all(is_signed(each.body, "s3cret", each.headers["x-hook-signature"], "sha512") for each in came)


def test_a_webhook_that_leads_nowhere_holds_up_no_other() -> None:
    """What cannot be sent is dropped, and said in the log."""
    with receiving() as receiver:
        hooks = [Hook("http://127.0.0.1:9/nobody"), Hook("http://no host/"), Hook(receiver.url)]
        with in_background(running_netbox(hooks=hooks)) as reached:
            headers = {"Authorization": f"Token {reached.token}"}
            with httpx2.Client(base_url=reached.url, headers=headers, trust_env=False, timeout=60.0) as client:
                _post(client, "views", {"name": "one"})
                _post(client, "views", {"name": "two"})
            assert receiver.until(lambda delivery: delivery.line == ("created", "view", "two"))


def test_webhooks_for_which_there_is_no_room_are_dropped(caplog: pytest.LogCaptureFixture) -> None:
    """The log says how many; those that wait are sent, and those that come when there is room again."""

    async def work(url: str) -> None:
        def numbered(*numbers: int) -> list[Delivery]:
            return [Delivery("POST", url, {}, b"%d" % number, 60, True, None) for number in numbers]

        worker = Worker(most=3)
        worker.enqueue(numbered(1, 2))
        worker.enqueue(numbered(3, 4, 5))
        async with asyncio.TaskGroup() as group:
            running = group.create_task(worker.run())
            before = await asyncio.to_thread(receiver.until, lambda each: each.body == b"3")
            assert [each.body for each in before] == [b"1", b"2"]
            worker.enqueue(numbered(6))
            assert await asyncio.to_thread(receiver.until, lambda each: each.body == b"6") == []
            running.cancel()

    with receiving() as receiver:
        asyncio.run(work(receiver.url))
    assert caplog.messages == ["2 webhooks were dropped: 3 wait to be sent"]


def test_secrets_are_not_printed() -> None:
    """The values of a token and a webhook show no secret."""
    assert _READER.secret not in repr(_READER)
    assert "s3cret" not in repr(Hook("http://a", "s3cret"))
