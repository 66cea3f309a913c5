"""What jsii keeps on disk of the packages that it loads, and how it finds that in a moment.

jsii unpacks each package into its package cache once. Two things in there make a run short:

- **The runtime index.** jsii parses a package's whole manifest (130 MB for AWS) unless the cache holds an index of it.
  A worker thread builds one after a first load (jsii: ``kernel/src/runtime-index.ts``), but a lean process is over
  before the thread is done.
- **The shortcut.** A package's entry in the cache is called after the digest of its archive, so jsii reads 37 MB
  (AWS) and 32 MB (Google) on every run to learn two names. A stand-in is a file of a few bytes in the archive's
  place, and a link of the stand-in's own digest leads to the same entry. It says which archive it stands for, of
  which size and time: an archive that was replaced has no stand-in, and jsii reads it. This is what Python's own
  cached bytecode trusts, and nobody can write there who could not write the entry itself.

``python -m rolebridge.engine`` makes both, once for a machine and version. Without either everything works, slower.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

_INDEX = ".jsii.runtime.v*.json"
"""An index's manifest, which jsii writes last (``buildIndex`` in ``kernel/src/runtime-index.ts``)."""

_COMPLETE = ".jsii-runtime-package-cache"
"""What jsii puts into an entry that is complete (``kernel/src/disk-cache/disk-cache.ts``)."""


def cache_root() -> Path | None:
    """Find where jsii keeps unpacked packages (jsii: ``kernel/src/tar-cache``); None if it keeps none."""
    if os.environ.get("JSII_RUNTIME_PACKAGE_CACHE", "enabled").lower() != "enabled":
        return None
    if configured := os.environ.get("JSII_RUNTIME_PACKAGE_CACHE_ROOT"):
        return Path(configured)
    try:
        home = Path.home()
    except RuntimeError:
        return Path(tempfile.gettempdir(), f"aws-jsii-package-cache-{os.getuid()}")
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local", "AWS/jsii/package-cache")
    if sys.platform == "darwin":
        return home / "Library/Caches/com.amazonaws.jsii/package-cache"
    return home / ".cache/aws/jsii/package-cache"


@dataclass(frozen=True)
class Archive:
    """A package's archive: ``cdktf@0.21.0.jsii.tgz`` in the Python package ``cdktf``.

    Attributes:
        package: the Python package that carries it.
        name: the npm package in it.
        version: its version.
        file: the archive.
    """

    package: str
    name: str
    version: str
    file: Path

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"

    @property
    def is_indexed(self) -> bool:
        """Whether the cache holds an index of it."""
        return any(path.is_file() for path in self._entries().glob(f"*/{_INDEX}"))

    def stand_in(self) -> Path | None:
        """Return the file that jsii can be given in the archive's place, if there is one."""
        stand_in = self._stand_in()
        entry = self._entries() / self._digest([stand_in.read_bytes()]) if stand_in.is_file() else None
        return stand_in if entry and (entry / _COMPLETE).is_file() and any(entry.glob(_INDEX)) else None

    def make_stand_in(self) -> None:
        """Make the stand-in and its link, where there is an entry with an index and the system has links."""
        entry = self._entries() / self._digest(_pieces(self.file))
        if self.stand_in() or not any(entry.glob(_INDEX)):
            return
        text = self._identity()
        link = self._entries() / self._digest([text])
        with contextlib.suppress(OSError):
            link.unlink(missing_ok=True)
            link.symlink_to(entry.name, target_is_directory=True)
            # Last, and in one step: nobody finds a stand-in without its link.
            unfinished = self._stand_in().with_suffix(f".{os.getpid()}")
            unfinished.write_bytes(text)
            unfinished.replace(self._stand_in())

    def _entries(self) -> Path:
        root = cache_root()
        assert root is not None
        return root / self.name / self.version

    def _stand_in(self) -> Path:
        return self._entries() / f"rolebridge-{hashlib.sha256(self._identity()).hexdigest()[:16]}"

    def _identity(self) -> bytes:
        status = self.file.stat()
        return f"{self.file} {status.st_size} {status.st_mtime_ns}\n".encode()

    def _digest(self, content: Iterable[bytes]) -> str:
        """Name an entry as jsii does (``kernel/src/disk-cache/digest-file.ts``)."""
        digest = hashlib.sha256()
        for piece in (*content, b"\0", self.name.encode(), b"\0", self.version.encode()):
            digest.update(piece)
        return digest.hexdigest()


def _pieces(file: Path) -> Iterator[bytes]:
    with file.open("rb") as opened:
        while piece := opened.read(1 << 20):
            yield piece


def archives(packages: dict[str, str]) -> list[Archive]:
    """Find the archives of those packages (Python package -> npm package) that are installed."""
    found = []
    for package, name in packages.items():
        spec = importlib.util.find_spec(package)
        for folder in spec.submodule_search_locations or () if spec else ():
            for file in Path(folder, "_jsii").glob("*.jsii.tgz"):
                found.append(Archive(package, name, file.name.removesuffix(".jsii.tgz").rpartition("@")[2], file))
    return found


def stand_in(name: str, version: str, file: str) -> str:
    """Return what to give jsii for an archive: its stand-in, or the archive itself."""
    if cache_root() is None:
        return file
    with contextlib.suppress(OSError):
        return str(Archive("", name, version, Path(file)).stand_in() or file)
    return file
