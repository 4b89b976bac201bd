"""Retries. Knows no DNS."""
