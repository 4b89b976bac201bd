"""The HTTP service: routes, authentication, health, metrics. It decides nothing about DNS."""
