"""A NetBox DNS and a PowerDNS inside this process, for the demo, the benchmarks and the tests."""
