"""The collector is off within, and afterwards as it was."""

from __future__ import annotations

import gc

import pytest

from rolebridge.garbage import without_collecting_garbage


@without_collecting_garbage()
def fail() -> None:
    assert not gc.isenabled()
    raise ValueError("x")


@pytest.mark.parametrize("enabled", [True, False])
def test_the_collector_is_off_within_and_afterwards_as_it_was_after_an_error_too(*, enabled: bool) -> None:
    before = gc.isenabled()
    try:
        gc.enable() if enabled else gc.disable()
        with pytest.raises(ValueError, match="x"):
            fail()
        assert gc.isenabled() is enabled
    finally:
        gc.enable() if before else gc.disable()
