"""Many paths at once give what each gives alone, however they are written."""

from __future__ import annotations

import itertools

import pyarrow as pa
import pytest

from seqwatch_tui.catalogue.coded import coded
from seqwatch_tui.catalogue.paths import OUTSIDE, PathIndex
from seqwatch_tui.config.settings import loads

INDEX = PathIndex(
    loads(
        """
site: s
state_dir: /s
datasets:
  - {id: a, path: /d/a, objects: ["s3://a/d"]}
  - {id: inner, path: /d/a/b}
  - {id: same-length, path: /d/b}
  - {id: short, path: /e}
  - {id: accents, path: /dät}
""",
        "x",
    ).datasets
)
PARTS = ("", "d", "a", "b", "ab", "e", "dät", ".", "..", ".a", "a.", "..a", "s3:")
PATHS = ["/".join(parts) for size in (1, 2, 3, 4) for parts in itertools.product(PARTS, repeat=size)]
PATHS += [f"/{path}" for path in PATHS] + ["", "/", "/d/a/b/c/d/e", "/d/a/b/c/./../x", "/e" * 900]


@pytest.mark.parametrize(("begin", "end"), [(0, None), (7, None), (1, 400), (31_000, -1)])
def test_many_paths_give_what_each_gives_alone(begin: int, end: int | None) -> None:
    paths = PATHS[begin:end]
    sliced = pa.array(PATHS, pa.string()).slice(begin, len(paths))
    codes = pa.array([*range(len(paths)), None, 0], pa.int32())
    column = pa.chunked_array([pa.DictionaryArray.from_arrays(codes, sliced)])
    alone = [INDEX.number(path) for path in paths]
    assert INDEX.numbers(coded(column)).tolist() == [*alone, OUTSIDE, alone[0]]


def test_no_dataset_holds_any_path() -> None:
    column = pa.chunked_array([pa.array(PATHS).dictionary_encode()])
    assert set(PathIndex(()).numbers(coded(column)).tolist()) == {OUTSIDE}
