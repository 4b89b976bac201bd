"""Webhooks and event rules as NetBox makes, changes and deletes them."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from netbox_pdns.sandbox.netbox.inventory import Table
from netbox_pdns.sandbox.netbox.objects import WEBHOOK, EventRule, Webhook
from netbox_pdns.sandbox.netbox.refusals import invalid
from netbox_pdns.sandbox.netbox.transaction import Transaction


def create_webhook(tx: Transaction, given: Webhook) -> Webhook:
    """Make the webhook *given*."""
    _check_webhook(tx, given)
    return tx.insert(tx.inventory.webhooks, given)


def update_webhook(tx: Transaction, before: Webhook, given: Webhook) -> Webhook:
    """Change a webhook."""
    _check_webhook(tx, given)
    return before if given == before else tx.update(tx.inventory.webhooks, before, given)


def delete_webhook(tx: Transaction, webhook: Webhook) -> None:
    """Delete a webhook, and the event rules that lead to it."""
    for rule in [rule for rule in tx.inventory.eventrules if _leads_to(rule, webhook)]:
        tx.delete(tx.inventory.eventrules, rule)
    tx.delete(tx.inventory.webhooks, webhook)


def create_event_rule(tx: Transaction, given: EventRule) -> EventRule:
    """Make the event rule *given*."""
    _check_event_rule(tx, given)
    return tx.insert(tx.inventory.eventrules, given)


def update_event_rule(tx: Transaction, before: EventRule, given: EventRule) -> EventRule:
    """Change an event rule."""
    _check_event_rule(tx, given)
    return before if given == before else tx.update(tx.inventory.eventrules, before, given)


def delete_event_rule(tx: Transaction, rule: EventRule) -> None:
    """Delete an event rule."""
    tx.delete(tx.inventory.eventrules, rule)


def _leads_to(rule: EventRule, webhook: Webhook) -> bool:
    return (rule.action_object_type, rule.action_object_id) == (WEBHOOK.type, webhook.id)


def _check_webhook(tx: Transaction, given: Webhook) -> None:
    _refuse_double(tx.inventory.webhooks, given, "webhook")
    if urlsplit(given.payload_url).scheme not in {"http", "https"}:
        raise invalid("payload_url", "Enter a valid URL, beginning with http:// or https://.")
    if given.ca_file_path and not given.ssl_verification:
        raise invalid("ca_file_path", "Do not specify a CA certificate file if SSL verification is disabled.")


def _check_event_rule(tx: Transaction, given: EventRule) -> None:
    _refuse_double(tx.inventory.eventrules, given, "event rule")
    if given.action_type != "webhook":
        return
    if given.action_object_type != WEBHOOK.type or given.action_object_id is None:
        raise invalid("action_object_id", "This action requires a target object to be selected.")
    if tx.inventory.webhooks.get(given.action_object_id) is None:
        why = f"Related object not found using the provided value: {given.action_object_id}."
        raise invalid("action_object_id", why)


def _refuse_double(table: Table[Any], given: Webhook | EventRule, what: str) -> None:
    if any(row.name == given.name and row.id != given.id for row in table):
        raise invalid("name", f"{what} with this name already exists.")
