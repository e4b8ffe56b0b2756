"""Unpacks some files of a zip file that exists in parts, without joining the parts on the disk.

Arguments: the target folder, a prefix to remove from the names, the number of parts, the parts in order, and the names of
the files.
"""
import bisect
import io
import os
import shutil
import sys
import zipfile


class Parts(io.RawIOBase):
    """Files read one after the other as if they were one file."""

    def __init__(self, paths):
        self.files = [open(path, "rb") for path in paths]
        self.starts = [0]
        for path in paths:
            self.starts.append(self.starts[-1] + os.path.getsize(path))
        self.at = 0

    def readable(self):
        return True

    def seekable(self):
        return True

    def tell(self):
        return self.at

    def seek(self, offset, whence=io.SEEK_SET):
        self.at = offset + {io.SEEK_SET: 0, io.SEEK_CUR: self.at, io.SEEK_END: self.starts[-1]}[whence]
        return self.at

    def readinto(self, buffer):
        if not 0 <= self.at < self.starts[-1]:
            return 0
        part = bisect.bisect_right(self.starts, self.at) - 1
        self.files[part].seek(self.at - self.starts[part])
        size = min(len(buffer), self.starts[part + 1] - self.at)
        read = self.files[part].readinto(memoryview(buffer)[:size])
        self.at += read
        return read


target, strip, count, *rest = sys.argv[1:]
parts, names = rest[: int(count)], rest[int(count) :]
with zipfile.ZipFile(io.BufferedReader(Parts(parts), 1 << 20)) as archive:
    for name in names:
        path = os.path.join(target, os.path.basename(name))
        with archive.open(strip + name) as source, open(path, "wb") as file:
            shutil.copyfileobj(source, file, 1 << 20)
