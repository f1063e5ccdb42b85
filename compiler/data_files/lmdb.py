"""LMDB, the database that Caffe's tools write, read as its format says and believed in nothing.

The ``lmdb`` package maps a file and follows the numbers in it wherever they lead: a file that was cut off, or has a
wrong byte, ends the process with a signal and without a word. Here every number is held against the file's size before
it is followed. (A file that somebody shortens while it is mapped still ends the process: no reader of a map can help.)

The format, of version 1, little-endian and 64-bit as on all machines that Caffe ran on:

page    16 bytes (number, 2 unused, flags, lower, upper), then offsets of 16 bits to its nodes, then the nodes
meta    pages 0 and 1, written in turn: the one of the later transaction tells the page size and the root
branch  nodes lead to further pages, the first key of each being that of its node (the first node's is empty)
leaf    nodes are a key and a content; a long content lies on pages of its own, whose number the node has
"""

from collections.abc import Iterator
from pathlib import Path
from struct import Struct
from typing import NamedTuple

from netdef.compiler.diagnostics import Diagnostic
from netdef.compiler.net_error import NetError
from netdef.compiler.schema.wire import Damaged
from netdef.compiler.weights.formats.mapped import mapped

DATA = "data.mdb"
"""The file in a database's folder."""

_PAGE = Struct("<Q2xHHH")
"""A page's number, flags, and the bounds of the free space between its offsets and its nodes."""
_LONG_PAGE = Struct("<Q2xHI")
"""The same of a long content: number, flags, and how many pages it takes."""
_HEAD = Struct("<IIQQ")
"""Of a meta page: magic, version, an address, and the map's size."""
_TREE = Struct("<IHH5Q")
"""Page size, flags, depth; pages of branches, leaves and long contents; entries and root. Free pages have one, too."""
_TAIL = Struct("<QQ")
"""The last page's number, and the transaction's."""
_NODE = Struct("<HHHH")
"""Low and high half of a content's length, or of a page's number; flags, or its upper third; the key's length."""
_OFFSET = Struct("<H")
_NUMBER = Struct("<Q")

_BRANCH, _LEAF, _LONG, _META = 0x01, 0x02, 0x04, 0x08
_PAGE_KINDS = 0x6F
"""The flags of pages that say what they are; others are about a writer's memory."""
_ELSEWHERE, _OF_SEVERAL = 0x01, 0x06
"""The flags of nodes: that the content lies on pages of its own; that it is a database itself."""
_MAGIC, _VERSION = 0xBEEFC0DE, 1
_NO_PAGE = 2**64 - 1
"""The root of an empty database."""
_DEEPEST = 32
_PAGE_SIZES = [2**power for power in range(8, 17)]


class _Meta(NamedTuple):
    """What a meta page says of the database; what the later transaction says is true."""

    transaction: int
    page_size: int
    flags: int
    depth: int
    num_entries: int
    root: int


class _Node(NamedTuple):
    """A node: what its first six bytes say, and where its key begins and ends."""

    low: int
    flags: int
    start: int
    end: int


class Lmdb:
    """A database of keys and contents, mapped: what isn't asked for is not read from the disk."""

    def __init__(self, path: Path) -> None:
        """Open a folder with a ``data.mdb``, or such a file.

        Raises:
            NetError: N772, if it can't be read as an LMDB.
        """
        self.path = path
        try:
            self._data = mapped(path / DATA if path.is_dir() else path)
            self._meta = self._newest_meta()
        except OSError as error:
            raise self._unreadable(error.strerror or str(error)) from None
        except Damaged as damage:
            raise self._unreadable(str(damage)) from None

    def __len__(self) -> int:
        return self._meta.num_entries

    def items(self) -> Iterator[tuple[bytes, memoryview]]:
        """Keys and contents, in the order of the keys.

        Raises:
            NetError: N772, where the file is damaged.
        """
        try:
            found = 0
            for node in self._nodes():
                found += 1
                yield bytes(self._data[node.start : node.end]), self._content(node)
            if found != len(self):
                raise Damaged(f"it has {found:,} entries, and is said to have {len(self):,}")
        except Damaged as damage:
            raise self._unreadable(str(damage)) from None

    def get(self, key: bytes) -> memoryview:
        """The content of a key; empty if there is none.

        Raises:
            NetError: N772, where the file is damaged on the way.
        """
        try:
            return self._found(key)
        except Damaged as damage:
            raise self._unreadable(str(damage)) from None

    # ---- the two heads
    def _newest_meta(self) -> _Meta:
        first = self._read_meta(0)
        second = self._read_meta(first.page_size)
        meta = max(first, second)
        if first.page_size != second.page_size or meta.depth > _DEEPEST or meta.num_entries > len(self._data):
            raise Damaged("its head tells what can't be in this file")
        if meta.flags:
            raise Damaged("its keys are ordered in their own way or have several contents, as none of Caffe's has")
        return meta

    def _read_meta(self, at: int) -> _Meta:
        size = _PAGE.size + _HEAD.size + 2 * _TREE.size + _TAIL.size
        if at + size > len(self._data):
            raise Damaged(f"its {len(self._data):,} bytes are fewer than a database's head takes")
        _, kind, _, _ = _PAGE.unpack_from(self._data, at)
        at += _PAGE.size
        magic, version, _, _ = _HEAD.unpack_from(self._data, at)
        if not kind & _META or magic != _MAGIC or version != _VERSION:
            raise Damaged("it doesn't begin as an LMDB of version 1 with 64 bits does")
        at += _HEAD.size
        page_size = _TREE.unpack_from(self._data, at)[0]
        if page_size not in _PAGE_SIZES:
            raise Damaged(f"its pages are said to have {page_size:,} bytes")
        at += _TREE.size
        _, flags, depth, _, _, _, num_entries, root = _TREE.unpack_from(self._data, at)
        _, transaction = _TAIL.unpack_from(self._data, at + _TREE.size)
        return _Meta(transaction, page_size, flags, depth, num_entries, root)

    # ---- pages and nodes
    def _nodes(self) -> Iterator[_Node]:
        """The nodes of all leaves, in order; no page is looked at more often than there are pages."""
        left = len(self._data) // self._meta.page_size
        waiting = [] if self._meta.root == _NO_PAGE else [(self._meta.root, 1)]
        while waiting:
            number, depth = waiting.pop()
            left -= 1
            if left < 0:
                raise Damaged("its pages lead in a circle")
            at, kind, num_nodes = self._page(number, depth)
            nodes = (self._node(at, index) for index in range(num_nodes))
            if kind == _LEAF:
                yield from nodes
            else:
                waiting += reversed([(_child(node), depth + 1) for node in nodes])

    def _found(self, key: bytes) -> memoryview:
        number, depth = self._meta.root, 1
        if number == _NO_PAGE:
            return memoryview(b"")
        while True:
            at, kind, num_nodes = self._page(number, depth)
            low, high = (
                (0 if kind == _LEAF else 1),
                num_nodes,
            )  # nodes before ``low`` are below the key, from high above
            while low < high:
                middle = (low + high) // 2
                node = self._node(at, middle)
                own = bytes(self._data[node.start : node.end])
                if own == key and kind == _LEAF:
                    return self._content(node)
                low, high = (middle + 1, high) if own <= key else (low, middle)
            if kind == _LEAF:
                return memoryview(b"")
            number, depth = _child(self._node(at, low - 1)), depth + 1

    def _page(self, number: int, depth: int) -> tuple[int, int, int]:
        """Where a page of the tree begins, whether it is a branch or a leaf, and how many nodes it has."""
        size = self._meta.page_size
        at = number * size
        if at + size > len(self._data):
            more = at + size - len(self._data)
            raise Damaged(f"a page of it lies {more:,} bytes behind its end: it was cut off, or copied in part")
        own, flags, lower, upper = _PAGE.unpack_from(self._data, at)
        kind = flags & _PAGE_KINDS
        wanted = _LEAF if depth == self._meta.depth else _BRANCH
        if own != number or kind != wanted or not _PAGE.size <= lower <= upper <= size or lower % 2:
            raise Damaged("a page of it is not what its place says", at)
        num_nodes = (lower - _PAGE.size) // 2
        if kind == _BRANCH and not num_nodes:
            raise Damaged("a page of it leads nowhere", at)
        return at, kind, num_nodes

    def _node(self, at: int, index: int) -> _Node:
        """A node of the page that begins at a place."""
        end = at + self._meta.page_size
        place = at + _OFFSET.unpack_from(self._data, at + _PAGE.size + 2 * index)[0]
        if place + _NODE.size > end:
            raise Damaged("an entry of it lies outside of its page", at)
        low, high, flags, key_size = _NODE.unpack_from(self._data, place)
        start = place + _NODE.size
        if start + key_size > end:
            raise Damaged("a key of it ends outside of its page", place)
        return _Node(low | high << 16, flags, start, start + key_size)

    def _content(self, node: _Node) -> memoryview:
        """What a leaf's node holds."""
        if node.flags & _OF_SEVERAL:
            raise Damaged("an entry of it is a database itself, as none of Caffe's has", node.start)
        size = self._meta.page_size
        if not node.flags & _ELSEWHERE:
            if node.end + node.low > (node.end // size + 1) * size:
                raise Damaged("a content of it ends outside of its page", node.start)
            return self._data[node.end : node.end + node.low]
        if node.end + _NUMBER.size > len(self._data):
            raise Damaged("a content of it is nowhere", node.start)
        at = _NUMBER.unpack_from(self._data, node.end)[0] * size
        start = at + _LONG_PAGE.size
        if start + node.low > len(self._data):
            more = start + node.low - len(self._data)
            raise Damaged(f"a content ends {more:,} bytes behind the file's end: it was cut off, or copied in part")
        number, flags, num_pages = _LONG_PAGE.unpack_from(self._data, at)
        if flags & _PAGE_KINDS != _LONG or number * size != at or start + node.low > at + num_pages * size:
            raise Damaged("a long content of it is not where it ought to be", at)
        return self._data[start : start + node.low]

    def _unreadable(self, why: str) -> NetError:
        message = f"{self.path} can't be read as an LMDB: {why}"
        return NetError(Diagnostic("N772", message, help="copy it anew, or make it anew"))


def _child(node: _Node) -> int:
    """The page that a branch's node leads to."""
    return node.low | node.flags << 32
