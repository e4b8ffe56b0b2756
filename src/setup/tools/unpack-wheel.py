"""Unpacks some of a wheel's files and checks size and SHA-256 of each against the wheel's own RECORD.

Arguments: the wheel, the target folder, a prefix to remove from the names, and patterns (fnmatch) of the names.
"""
import base64
import csv
import fnmatch
import hashlib
import io
import os
import sys
import zipfile

wheel_path, target, strip, *patterns = sys.argv[1:]

with zipfile.ZipFile(wheel_path) as wheel:
    (record_name,) = [name for name in wheel.namelist() if name.endswith(".dist-info/RECORD")]
    record = {row[0]: row[1:] for row in csv.reader(io.StringIO(wheel.read(record_name).decode()))}
    taken = 0
    for entry in wheel.infolist():
        name = entry.filename
        if entry.is_dir() or not any(fnmatch.fnmatchcase(name, pattern) for pattern in patterns):
            continue
        short = name[len(strip):] if name.startswith(strip) else name
        path = os.path.normpath(os.path.join(target, short))
        if not path.startswith(os.path.join(os.path.normpath(target), "")):
            sys.exit(f"{wheel_path}: {name} leaves the folder")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        digest, size = hashlib.sha256(), 0
        with wheel.open(entry) as source, open(path, "wb") as file:
            while True:
                chunk = source.read(1 << 20)
                if not chunk:
                    break
                digest.update(chunk)
                size += len(chunk)
                file.write(chunk)
        found = "sha256=" + base64.urlsafe_b64encode(digest.digest()).rstrip(b"=").decode()
        if record.get(name) != [found, str(size)]:
            sys.exit(f"{wheel_path}: {name} is {size} bytes with {found}, but RECORD says {record.get(name)}")
        if (entry.external_attr >> 16) & 0o100:
            os.chmod(path, 0o755)
        taken += 1

if taken == 0:
    sys.exit(f"{wheel_path}: no file is named like {patterns}")
