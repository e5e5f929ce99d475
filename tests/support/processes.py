"""Child processes that tests start, interrupt and never leave behind."""

import os
import signal
import subprocess
from contextlib import contextmanager


@contextmanager
def default_interrupts():
    """Let children start with the default action for SIGINT.

    A child inherits an ignored SIGINT from a background job; Python would then raise no
    KeyboardInterrupt. A handler is not inherited: the child starts with the default.
    """
    previous = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


@contextmanager
def running(command, **options):
    """Start a process that is killed at the end of the block if it still runs."""
    with default_interrupts():
        process = subprocess.Popen(command, **options)
    with process:
        try:
            yield process
        finally:
            process.kill()


def read_terminal(descriptor):
    """Return all bytes until the other end of a terminal is closed."""
    parts = []
    while True:
        try:
            part = os.read(descriptor, 65536)
        except OSError:  # Linux reports a closed other end this way
            part = b""
        if not part:
            return b"".join(parts)
        parts.append(part)


def resident():
    """Return the bytes of memory of this process, on Linux."""
    with open("/proc/self/statm") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * os.sysconf("SC_PAGESIZE")


def open_files():
    """Return the number of open file descriptors of this process, on Linux."""
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208
