"""A host's name is no part of the lines only where it begins all of them, and is a name."""

from __future__ import annotations

import numpy as np
import pytest

from seqwatch_tui.parse.bulk_index import Index
from seqwatch_tui.parse.bulk_node import name_of

LINE = b'type=CWD msg=audit(1790000000.023:%d): cwd="/"\n'


def index_of(*lines: bytes) -> Index:
    return Index(b"".join(lines), nodes=True)


def test_the_name_is_cut_from_the_tokens_and_not_from_the_line() -> None:
    index = index_of(b"node=seq01 " + LINE % 7, b"node=seq01 " + LINE % 81)
    size = len(b"node=seq01 " + LINE % 7)
    assert name_of(index.node) == "seq01"
    assert (index.line.tolist(), index.start.tolist(), index.tokens.tolist()) == ([0, size], [11, size + 11], [3, 3])
    heads = index.heads()
    assert (heads.ok.tolist(), heads.serial.tolist()) == ([True, True], [7, 81])
    start, end = index.token_start(np.arange(2), 2), index.token_end(np.arange(2), 2)
    assert [index.data[a:b] for a, b in zip(start.tolist(), end.tolist(), strict=True)] == [b'cwd="/"'] * 2


@pytest.mark.parametrize(
    "lines",
    [
        (LINE % 7, b"node=a " + LINE % 8), (b"node=a " + LINE % 7, LINE % 8),
        (b"node=a " + LINE % 7, b"node=b " + LINE % 8), (b"node=a " + LINE % 7, b"node=ab " + LINE % 8),
        (b"node=a " + LINE % 7, b"node=a\n"), (b"node=a " + LINE % 7, b"\n"), (b"node= " + LINE % 7,),
        (b"node=" + b"a" * 256 + b" " + LINE % 7,), (b'node="a" ' + LINE % 7,), (b"node=a\x1d" + LINE % 7,),
    ],
)  # fmt: skip
def test_otherwise_lines_stay_whole(lines: tuple[bytes, ...]) -> None:
    index = index_of(*lines)
    assert index.node == b""
    assert index.start is index.line


def test_who_does_not_ask_gets_whole_lines() -> None:
    assert Index(b"node=a " + LINE % 7).start.tolist() == [0]
