"""Find the configuration, read it, hold it against itself: the only place of this room that touches the disk."""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from pathlib import Path

import msgspec

from seqwatch_tui.config.checks import cross_checks, notices
from seqwatch_tui.config.dataset import Dataset
from seqwatch_tui.config.errors import ConfigError, Problem
from seqwatch_tui.config.people import Operators, People
from seqwatch_tui.config.reader import Reader
from seqwatch_tui.config.schema import Settings, SourceSettings
from seqwatch_tui.config.yamltree import MAX_BYTES, Scalar, parse

__all__ = [
    "ENVIRONMENT", "ConfigError", "Dataset", "Operators", "People", "Settings", "SourceSettings",
    "find", "load", "loads", "notices",
]  # fmt: skip

ENVIRONMENT = "SEQWATCH_CONFIG"
_START = "site: seq-core-1, or let `seqwatch init` write a first one"


def find(argument: Path | None, environ: Mapping[str, str], cwd: Path, home: Path) -> Path:
    """Return the configuration to use: `--config`, else the variable, else the first of three usual places.

    What is named must exist, and a usual place that this user may not look into is passed over; ConfigError says what was looked for.
    """
    named = [(argument, "--config")] if argument else []
    if not named and environ.get(ENVIRONMENT):
        named = [(Path(environ[ENVIRONMENT]), f"${ENVIRONMENT}")]
    for path, origin in named:
        full = cwd / path
        if _is_shut(full) or not full.exists():
            why = "is in a folder that this user may not enter" if _is_shut(full) else "does not exist"
            raise ConfigError([Problem(str(path), None, f"{why} ({origin}); correct the path.")])
        return full
    places = (cwd / "seqwatch.yaml", home / ".config/seqwatch/seqwatch.yaml", Path("/etc/seqwatch/seqwatch.yaml"))
    for place in places:
        if not _is_shut(place) and place.exists():
            return place
    looked = ", ".join(str(place) for place in places)
    text = f"no configuration found: looked for --config, ${ENVIRONMENT}, {looked}. Run `seqwatch init` to write one."
    raise ConfigError([Problem("seqwatch", None, text)])


def _is_shut(path: Path) -> bool:
    """Whether this user may not even look whether it is there: the home or the folder of whoever called sudo."""
    try:
        path.stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return False


def load(path: Path) -> Settings:
    """Read the configuration at `path`; ConfigError holds everything found wrong."""
    return loads(_read(path), str(path))


def loads(text: str, name: str) -> Settings:
    """Make Settings from YAML text; `name` is the file in errors, and relative paths start from its folder."""
    tree = parse(text, name)
    if isinstance(tree, Scalar) and tree.value is None:
        raise ConfigError([Problem(name, None, f"is empty; begin with {_START}.")])
    reader = Reader(name)
    settings = reader.struct(tree, Settings, (), _START)
    if isinstance(settings, Settings):
        for path, wrong in cross_checks(settings):
            reader.report(path, wrong)
    if reader.problems or not isinstance(settings, Settings):
        raise ConfigError(sorted(reader.problems, key=lambda problem: problem.line or 0))
    return _resolved(settings, Path(name).absolute().parent)


def _resolved(settings: Settings, folder: Path) -> Settings:
    """Files beside the configuration by their whole path: the key register and mappings."""
    changes: dict[str, object] = {}
    if settings.keys.register is not None:
        changes["keys"] = msgspec.structs.replace(settings.keys, register=folder / settings.keys.register)
    changes["sources"] = tuple(_mapping_resolved(source, folder) for source in settings.sources)
    return msgspec.structs.replace(settings, **changes)


def _mapping_resolved(source: SourceSettings, folder: Path) -> SourceSettings:
    if source.mapping is None or Path(source.mapping).suffix not in (".yaml", ".yml"):
        return source
    return msgspec.structs.replace(source, mapping=str(folder / source.mapping))


def _read(path: Path) -> str:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with open(fd, "rb") as file:  # noqa: PTH123 (a descriptor, so that what is checked is what is read)
            if not stat.S_ISREG(os.fstat(fd).st_mode):
                raise ConfigError([Problem(str(path), None, "is not a regular file.")])
            data = file.read(MAX_BYTES + 1)
        return data.decode("utf-8-sig")
    except OSError as error:
        raise ConfigError([Problem(str(path), None, f"cannot be read: {error.strerror}.")]) from error
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise ConfigError(
            [Problem(str(path), line, "holds a byte that is not UTF-8; save the file as UTF-8.")]
        ) from error
