"""Reading of .npz files that anyone may have written, in memory bounded by the size of the file.

`numpy.load` allocates whatever a header declares, and takes the last of two arrays of one name.
Here sizes are compared with the file before anything is allocated. No object is unpickled, and
every member is read to its end, where zipfile compares its check sum.
"""

from __future__ import annotations

import io
import math
import os
import sys
from typing import IO, TYPE_CHECKING, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

#: The most bytes of one read. zipfile reads the folder of an archive at once, and makes objects of
#: some ten times its size; that of a mixture has 600 bytes.
_MAX_READ = 1 << 17

#: The most bytes of one read of an array.
_CHUNK = 1 << 16

#: The most bytes that all arrays may have beyond the size of the file: compressed ones have more.
_MARGIN = 1 << 22

#: The most characters of the header of an array: NumPy's have 118.
_MAX_HEADER = 1 << 10

_SUFFIX = ".npy"


class ArchiveError(Exception):
    """The content is no archive of arrays; the text says what it has instead."""


class _ShortReads(io.BufferedIOBase):
    """A file that refuses long reads, and keeps the error of one that fails."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        #: zipfile turns an error of the disk at the list of members into one of the file.
        self.error: OSError | None = None

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        try:
            return self._file.seek(offset, whence)
        except (OSError, ValueError) as error:  # before the start, or beyond 2^63
            raise OSError("a place outside of the file") from error

    def tell(self) -> int:
        return self._file.tell()

    def read(self, size: int | None = -1) -> bytes:
        most = _MAX_READ + 1
        try:
            content = self._file.read(most if size is None or size < 0 else min(size, most))
        except OSError as error:
            self.error = error
            raise
        if len(content) == most:
            raise ArchiveError("whose list of arrays is too long")
        return content


def read_archive(file: IO[bytes], limits: Mapping[str, int]) -> dict[str, NDArray[Any]]:
    """Return the arrays of an .npz file.

    Parameters
    ----------
    file : binary file
        Open, seekable.
    limits : dict
        The names that arrays may have, and the most bytes of each.

    Raises
    ------
    ArchiveError
        If the file is damaged, or if an array has another name, a name that another one has,
        another size than its header says, Fortran order, or objects.
    OSError
        If the disk cannot be read.
    MemoryError
        If the arrays, which are as large as the file, do not fit in memory.
    """
    reads = _ShortReads(file)
    try:
        size = file.seek(0, os.SEEK_END)
        with ZipFile(reads) as archive:
            members = _members(archive, limits, size + _MARGIN)
            return {name: _array(archive, member) for name, member in members.items()}
    except (ArchiveError, MemoryError):
        raise
    except OSError as error:
        if error.errno is not None:
            raise
        raise ArchiveError(f"which is damaged ({error})") from error
    except Exception as error:  # zipfile, zlib and NumPy raise nearly every class
        if reads.error is not None:
            raise reads.error from None
        why = f" ({error})" if len(str(error)) < 100 else ""
        raise ArchiveError(f"which is no .npz file, cut off or damaged{why}") from error


def _members(archive: ZipFile, limits: Mapping[str, int], most_bytes: int) -> dict[str, ZipInfo]:
    """Return the members by their names, each of which may be there once only."""
    members: dict[str, ZipInfo] = {}
    for member in archive.infolist():
        name = member.filename.removesuffix(_SUFFIX)
        if name not in limits:
            raise ArchiveError(f"which is another of NumPy's files: it has {name[:40]!r}")
        if name in members:
            raise ArchiveError(f"which has {name} twice")
        if member.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
            raise ArchiveError(f"whose {name} are compressed in a way that NumPy does not use")
        if member.file_size > limits[name] + _MAX_HEADER:
            raise ArchiveError(f"whose {name} is too long")
        members[name] = member
    if sum(member.file_size for member in members.values()) > most_bytes:
        raise ArchiveError("whose arrays are larger than the file")
    return members


def _array(archive: ZipFile, member: ZipInfo) -> NDArray[Any]:
    """Return the array of a member, read to its end."""
    with archive.open(member) as file:
        shape, in_fortran_order, dtype = _header(file)
        n_bytes = math.prod(shape) * dtype.itemsize
        left = member.file_size - file.tell()
        if in_fortran_order:
            raise ArchiveError(f"whose {member.filename} is in Fortran order")
        if dtype.hasobject or min(shape, default=0) < 0 or n_bytes != left:
            raise ArchiveError(
                f"whose {member.filename} has {left} bytes, and not those of shape {shape} "
                f"and dtype {dtype}"
            )
        content = bytearray(n_bytes)
        at = 0
        while chunk := file.read(_CHUNK):
            content[at : at + len(chunk)] = chunk
            at += len(chunk)
    if at != n_bytes:
        raise ArchiveError(f"whose {member.filename} is cut off")
    if dtype.kind == "U" and _largest_code(content, dtype) > sys.maxunicode:
        raise ArchiveError(f"whose {member.filename} is no text")
    return np.frombuffer(content, dtype).reshape(shape)


def _largest_code(content: bytearray, dtype: np.dtype[Any]) -> int:
    """Return the largest character of an array of text; NumPy raises SystemError at wrong ones."""
    codes = np.frombuffer(content, np.dtype(np.uint32).newbyteorder(dtype.byteorder))
    return int(codes.max(initial=0))


def _header(file: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
    """Return shape, whether the order is Fortran's, and dtype."""
    version = np.lib.format.read_magic(file)
    read = {
        (1, 0): np.lib.format.read_array_header_1_0,
        (2, 0): np.lib.format.read_array_header_2_0,
    }.get(version)
    if read is None:
        raise ArchiveError(f"which has an array of NumPy's format {version}")
    shape, in_fortran_order, dtype = read(file, max_header_size=_MAX_HEADER)
    return shape, in_fortran_order, dtype
