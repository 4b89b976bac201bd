"""Reads record content field by field, as PowerDNS does: what is left of a text, and why it cannot be read."""

from __future__ import annotations

from netbox_pdns.sandbox.powerdns.errors import ContentError


class Scanner:
    """A position in record content. Every method reads one field and raises `ContentError` in PowerDNS's words."""

    __slots__ = ("position", "text")

    def __init__(self, text: str) -> None:
        self.text = text.rstrip(" ")
        self.position = 0

    @property
    def at_end(self) -> bool:
        """Tell whether nothing but spaces is left."""
        return not self.text[self.position :].strip(" ")

    def must_end(self, type: str) -> None:
        """Raise where something is left."""
        if not self.at_end:
            raise ContentError(f"When parsing {type} trailing data was not parsed: '{self.text[self.position :]}'")

    def number(self, bits: int) -> int:
        """Return an unsigned decimal number of at most *bits* bits."""
        self.begin()
        start = self.position
        while self._here().isascii() and self._here().isdigit():
            self.position += 1
        if start == self.position:
            raise ContentError.unread(f"expected digits at position {start} in '{self.text}'")
        value = int(self.text[start : self.position])
        if value >= 1 << bits:
            raise ContentError.unread(f"Overflow reading {bits} bit integer from record content")
        return value

    def word(self) -> str:
        """Return what stands before the next space."""
        self.begin()
        end = self.text.find(" ", self.position)
        start, self.position = self.position, len(self.text) if end < 0 else end
        return self.text[start : self.position]

    def rest(self) -> str:
        """Return all that is left, without spaces in it."""
        self.begin()
        start, self.position = self.position, len(self.text)
        return self.text[start:].replace(" ", "")

    def words(self) -> list[str]:
        """Return the words that are left, which may be none."""
        start, self.position = self.position, len(self.text)
        return self.text[start:].split()

    def quoted(self) -> str:
        """Return a text in quotes as it was written; what is left may be one bare word, which gets them.

        Where nothing is left it is empty, without quotes.
        """
        self._skip()
        start, text = self.position, self.text
        if start == len(text):
            return ""
        if text[start] != '"':
            return self._bare(start)
        self.position += 1
        while self._here() not in {'"', ""}:
            self.position += 2 if self._here() == "\\" else 1
        if self.position >= len(text):
            raise ContentError.unread(f"Data field in DNS should end on a quote (\") in '{text}'")
        self.position += 1
        return text[start : self.position]

    def _bare(self, start: int) -> str:
        word = self.text[start:]
        if not (word.isascii() and word.isalnum()):
            why = f"Data field in DNS should start with quote (\") at position {start} of '{self.text}'"
            raise ContentError.unread(why)
        self.position = len(self.text)
        return f'"{word}"'

    def begin(self) -> int:
        """Return where the next field begins."""
        self._skip()
        if self.position >= len(self.text):
            raise ContentError.unread(f"missing field at the end of record content '{self.text}'")
        return self.position

    def _skip(self) -> None:
        while self._here() == " ":
            self.position += 1

    def _here(self) -> str:
        return self.text[self.position : self.position + 1]
