"""What makes hints: webhooks, MQTT, NetBox's change feed, the clock. Each only says where to look."""
