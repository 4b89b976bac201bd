"""The source: what NetBox DNS wants."""
