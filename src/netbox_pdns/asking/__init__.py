"""Asking DNS: where a server answers, and many questions at a time over UDP and TCP."""
