"""The target: what a PowerDNS server has, and how it is changed."""
