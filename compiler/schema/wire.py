"""Protobuf's binary format, read where it lies, and written piece by piece.

A ``Record`` is a message in a file: a stretch of its bytes and the declaration of its fields, whose numbers are those
of the binary format. It is scanned once, when it is first asked for something; what lies inside its fields stays
unread until somebody wants it, and numbers of fixed width become arrays that are views of the file.

Nothing here allocates more than a file's own size can justify, whatever the lengths in it claim.
"""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from netdef.compiler.schema.message import Message, Param, ProtoEnum

if TYPE_CHECKING:
    from numpy import generic
    from numpy.typing import NDArray

VARINT, FIXED64, BYTES, _GROUP, _END_GROUP, FIXED32 = range(6)
"""Wire types; groups are of a time before Caffe's."""
LONGEST_VARINT = 10
MOST_ENTRIES = 1_000_000
"""Fields that one message may hold: a tenth of it is a net deeper than any, and the index of more is a waste."""


class Double(float):
    """The kind of a float field of 64 bits; ``float`` has 32."""


class Fixed(NamedTuple):
    """How numbers of fixed width are stored; ``code`` is numpy's and struct's."""

    wire_type: int
    width: int
    code: str


FIXED: dict[type, Fixed] = {float: Fixed(FIXED32, 4, "<f"), Double: Fixed(FIXED64, 8, "<d")}
"""By kind."""


class Damaged(Exception):
    """Bytes that are not what they ought to be; ``offset`` is their place in the file, where it tells something."""

    def __init__(self, what: str, offset: int | None = None) -> None:
        super().__init__(what if offset is None else f"{what} (byte {offset:,})")


class Entry(NamedTuple):
    """One field as it lies there.

    value        of a varint: its 64 bits
    start, end   of all others: where the content lies
    """

    wire_type: int
    value: int
    start: int
    end: int


class Record:
    """A message in a file."""

    __slots__ = ("_entries", "data", "end", "fields", "start")

    def __init__(self, data: memoryview, fields: Mapping[str, Param], start: int = 0, end: int | None = None) -> None:
        self.data = data
        self.fields = fields
        self.start = start
        self.end = len(data) if end is None else end
        self._entries: dict[int, list[Entry]] | None = None

    def has(self, name: str) -> bool:
        """Whether the field is there."""
        return bool(self._of(name))

    def get(self, name: str) -> Any:
        """The field's value: of several the last, of none the declared default."""
        found = self._of(name)
        declared = self.fields[name]
        assert not declared.repeated, name
        if not found:
            return declared.default
        try:
            return self._value(name, declared.kind, found[-1])
        except ValueError:  # a word with an unknown number: protobuf takes the field for absent
            return declared.default

    def each(self, name: str) -> Iterator[Any]:
        """All values of a repeated field, in order."""
        kind = self.fields[name].kind
        for entry in self._of(name):
            if kind is int and entry.wire_type == BYTES:
                yield from self._packed(entry)
            else:
                yield self._value(name, kind, entry)

    def array(self, name: str) -> "NDArray[generic]":
        """The numbers of a repeated field of fixed width; one packed run of them is a view of the file."""
        import numpy as np  # only weights and images need it

        code = FIXED[self.fields[name].kind].code
        runs = [np.frombuffer(self.data[entry.start : entry.end], code) for entry in self._runs(name)]
        if len(runs) == 1:
            return runs[0]
        return np.concatenate(runs) if runs else np.empty(0, code)

    def count(self, name: str) -> int:
        """How many numbers ``array`` gives; none of them is read."""
        width = FIXED[self.fields[name].kind].width
        return sum(entry.end - entry.start for entry in self._runs(name)) // width

    def _runs(self, name: str) -> list[Entry]:
        """Where numbers of fixed width lie, packed or one by one."""
        wire_type, width, _ = FIXED[self.fields[name].kind]
        runs = self._of(name)
        for entry in runs:
            if entry.wire_type not in (BYTES, wire_type) or (entry.end - entry.start) % width:
                raise Damaged(f"{name} holds no whole numbers of {width} bytes", entry.start)
        return runs

    def _of(self, name: str) -> list[Entry]:
        if self._entries is None:
            self._entries = self._scanned()
        return self._entries.get(self.fields[name].spellings[name][0], [])

    def _scanned(self) -> dict[int, list[Entry]]:
        wanted = {number for name, declared in self.fields.items() if (number := declared.spellings[name][0])}
        found: dict[int, list[Entry]] = {}
        count = 0
        for number, entry in scan(self.data, self.start, self.end):
            if number in wanted:
                count += 1
                if count > MOST_ENTRIES:
                    raise Damaged(f"a message of more than {MOST_ENTRIES:,} fields", entry.start)
                found.setdefault(number, []).append(entry)
        return found

    def _value(self, name: str, kind: Any, entry: Entry) -> Any:
        if issubclass(kind, Message):
            self._must_be(BYTES, name, entry)
            return Record(self.data, kind.fields, entry.start, entry.end)
        if kind in (str, bytes):
            self._must_be(BYTES, name, entry)
            content = self.data[entry.start : entry.end]
            return str(content, "utf-8", "replace") if kind is str else content
        if kind in FIXED:
            from struct import unpack  # Python's floats, without numpy

            self._must_be(FIXED[kind].wire_type, name, entry)
            return unpack(FIXED[kind].code, self.data[entry.start : entry.end])[0]
        self._must_be(VARINT, name, entry)
        if issubclass(kind, ProtoEnum):
            return kind(entry.value)
        return bool(entry.value) if kind is bool else signed(entry.value)

    @staticmethod
    def _must_be(wire_type: int, name: str, entry: Entry) -> None:
        if entry.wire_type != wire_type:
            raise Damaged(f"{name} is stored as wire type {entry.wire_type}, not {wire_type}", entry.start)

    def _packed(self, entry: Entry) -> Iterator[int]:
        at = entry.start
        while at < entry.end:
            value, at = varint(self.data, at, entry.end)
            yield signed(value)


def scan(data: memoryview, start: int, end: int) -> Iterator[tuple[int, Entry]]:
    """The fields of a message by number, in order; raises ``Damaged`` where it is none."""
    at = start
    while at < end:
        begun = at
        key, at = varint(data, at, end)
        number, wire_type = key >> 3, key & 7
        value = stop = 0
        if wire_type == VARINT:
            value, stop = varint(data, at, end)
        elif wire_type == BYTES:
            length, at = varint(data, at, end)
            stop = at + length
        elif wire_type in (FIXED32, FIXED64):
            stop = at + (4 if wire_type == FIXED32 else 8)
        if not stop or not number:
            raise Damaged(f"field {number} of wire type {wire_type}, which no message of Caffe's has", begun)
        if stop > end:
            raise Damaged(f"field {number} ends {stop - end:,} bytes behind the end of what holds it", begun)
        yield number, Entry(wire_type, value, at, stop)
        at = stop


def varint(data: memoryview, at: int, end: int) -> tuple[int, int]:
    """A number of 64 bits, low sevens first, and the place behind it."""
    if at < end and data[at] < 0x80:  # as nearly all are
        return data[at], at + 1
    value = 0
    for index in range(LONGEST_VARINT):
        if at + index >= end:
            raise Damaged("the message ends inside a number", at)
        byte = data[at + index]
        value |= (byte & 0x7F) << 7 * index
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at + index + 1
    raise Damaged(f"a number of more than {LONGEST_VARINT} bytes", at)


def encoded(value: int) -> bytes:
    """A number as ``varint`` reads it."""
    sevens = bytearray()
    while value > 0x7F:
        sevens.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*sevens, value])


def head(number: int, length: int) -> bytes:
    """What stands before the content of a field of bytes: its number with the wire type, and the content's length."""
    return encoded(number << 3 | BYTES) + encoded(length)


def signed(value: int) -> int:
    """64 bits as a number that may be below 0."""
    return value - 2**64 if value >= 2**63 else value
