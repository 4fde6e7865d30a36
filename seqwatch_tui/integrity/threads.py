"""Daemon threads with a result: one that hangs in the kernel keeps neither a cancel nor the process's end waiting."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future, wait
from typing import TypeVar

T = TypeVar("T")


def in_thread(work: Callable[[], T], name: str) -> Future[T]:
    """Run `work` in a daemon thread; its result or exception is in the future."""
    future: Future[T] = Future()

    def run() -> None:
        try:
            future.set_result(work())
        except BaseException as error:  # noqa: BLE001 - root of a thread: raised again where the result is taken
            future.set_exception(error)

    threading.Thread(target=run, name=name, daemon=True).start()
    return future


def settled(futures: set[Future[T]], seconds: float) -> bool:
    """Wait at most `seconds`; return whether all have ended."""
    return not wait(futures, seconds).not_done
