"""The stand-in for a package's archive: jsii finds the same entry by it, and only while it stands for that archive."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from rolebridge import jsii_cache
from rolebridge.jsii_cache import Archive, stand_in

CONTENT = b"an archive"


def digest_of(content: bytes) -> str:
    """What jsii calls an entry of ``@x/y`` 1.0 (``kernel/src/disk-cache/digest-file.ts``)."""
    return hashlib.sha256(content + b"\0@x/y\0" + b"1.0").hexdigest()


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Archive:
    """An archive, and its entry in a package cache as jsii leaves it."""
    monkeypatch.setenv("JSII_RUNTIME_PACKAGE_CACHE_ROOT", str(tmp_path / "cache"))
    monkeypatch.delenv("JSII_RUNTIME_PACKAGE_CACHE", raising=False)
    file = tmp_path / "y@1.0.jsii.tgz"
    file.write_bytes(CONTENT)
    entry = entry_of(tmp_path)
    entry.mkdir(parents=True)
    (entry / ".jsii-runtime-package-cache").touch()
    (entry / ".jsii.runtime.v1.json").touch()
    return Archive("x_y", "@x/y", "1.0", file)


def entry_of(tmp_path: Path) -> Path:
    return tmp_path / "cache/@x/y/1.0" / digest_of(CONTENT)


def given(archive: Archive) -> str:
    return stand_in(archive.name, archive.version, str(archive.file))


def test_by_the_digest_of_the_stand_in_jsii_finds_the_entry_of_the_archive(archive: Archive, tmp_path: Path) -> None:
    archive.make_stand_in()
    stands_in = Path(given(archive))
    assert stands_in != archive.file
    assert stands_in.stat().st_size < 1000
    link = tmp_path / "cache/@x/y/1.0" / digest_of(stands_in.read_bytes())
    assert link.resolve() == entry_of(tmp_path)


def test_making_it_again_changes_nothing(archive: Archive, tmp_path: Path) -> None:
    archive.make_stand_in()
    before = sorted((path, path.lstat().st_mtime_ns) for path in (tmp_path / "cache").rglob("*"))
    archive.make_stand_in()
    assert sorted((path, path.lstat().st_mtime_ns) for path in (tmp_path / "cache").rglob("*")) == before


def test_an_archive_that_was_never_given_one_has_no_stand_in(archive: Archive) -> None:
    assert given(archive) == str(archive.file)


@pytest.mark.parametrize("what", ["size", "time"])
def test_an_archive_that_was_replaced_has_no_stand_in(archive: Archive, what: str) -> None:
    archive.make_stand_in()
    time = archive.file.stat().st_mtime_ns
    if what == "size":
        archive.file.write_bytes(CONTENT + b"!")
        os.utime(archive.file, ns=(time, time))
    else:
        os.utime(archive.file, ns=(time, time + 1))
    assert given(archive) == str(archive.file)


@pytest.mark.parametrize("what", [".jsii-runtime-package-cache", ".jsii.runtime.v1.json"])
def test_an_entry_that_jsii_has_pruned_or_not_finished_is_not_used(archive: Archive, tmp_path: Path, what: str) -> None:
    archive.make_stand_in()
    (entry_of(tmp_path) / what).unlink()
    assert given(archive) == str(archive.file)


def test_no_stand_in_is_made_for_an_entry_without_an_index(archive: Archive, tmp_path: Path) -> None:
    (entry_of(tmp_path) / ".jsii.runtime.v1.json").unlink()
    archive.make_stand_in()
    assert [path.name for path in (tmp_path / "cache/@x/y/1.0").iterdir()] == [entry_of(tmp_path).name]


def test_without_a_package_cache_jsii_is_given_the_archive(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    archive.make_stand_in()
    monkeypatch.setenv("JSII_RUNTIME_PACKAGE_CACHE", "disabled")
    assert given(archive) == str(archive.file)


def test_an_archive_that_is_gone_is_jsiis_to_report(archive: Archive) -> None:
    archive.make_stand_in()
    archive.file.unlink()
    assert given(archive) == str(archive.file)


def test_where_no_links_can_be_made_nothing_is_left_behind(
    archive: Archive, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("no links here")

    monkeypatch.setattr(Path, "symlink_to", refuse)
    archive.make_stand_in()
    assert [path.name for path in (tmp_path / "cache/@x/y/1.0").iterdir()] == [entry_of(tmp_path).name]
    assert given(archive) == str(archive.file)


def test_every_package_with_an_assembly_that_is_installed_is_found() -> None:
    found = {archive.name: archive for archive in jsii_cache.archives({"cdktf": "cdktf", "no_such_package": "x"})}
    assert set(found) == {"cdktf"}
    assert found["cdktf"].file.is_file()
    assert str(found["cdktf"]) == f"cdktf@{found['cdktf'].version}"
