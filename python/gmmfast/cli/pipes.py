"""The exception of a closed standard output."""


class ClosedPipe(Exception):  # noqa: N818 (not an error)
    """Standard output is a pipe whose other end is closed."""
