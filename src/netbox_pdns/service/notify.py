"""Tells systemd how it goes (sd_notify(3)): one datagram a word to the socket that it names, nothing where it names none."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Notifier:
    """`address` is systemd's socket, none outside of it; `watchdog` the seconds within which it wants to hear from us."""

    address: str | None = None
    watchdog: float | None = None

    @classmethod
    def of(cls, environ: Mapping[str, str], pid: int) -> Notifier:
        """Return what *environ* says; the watchdog's time is for the process *pid* alone."""
        micros = environ.get("WATCHDOG_USEC", "")
        ours = environ.get("WATCHDOG_PID", str(pid)) == str(pid)
        return cls(environ.get("NOTIFY_SOCKET") or None, int(micros) / 1e6 if micros.isdecimal() and ours else None)

    def tell(self, **words: str | int) -> None:
        """Send `READY=1` and the like; where systemd does not listen any more nothing is lost."""
        if self.address is None:
            return
        address = f"\0{self.address[1:]}" if self.address.startswith("@") else self.address
        message = "\n".join(f"{name}={value}" for name, value in words.items())
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK | socket.SOCK_CLOEXEC) as sender:
            try:
                sender.sendto(message.encode(), address)
            except OSError:
                return

    async def keep_alive(self, alive: Callable[[], bool]) -> None:
        """Tell for ever that we live, as long as *alive* says so; where it does not, systemd starts us anew."""
        while self.watchdog:
            if alive():
                self.tell(WATCHDOG=1)
            await asyncio.sleep(self.watchdog / 3)
