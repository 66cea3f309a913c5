"""A real browser for the tests of pages; where there is none they skip, or fail where one is required."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

REQUIRE = "ROLEBRIDGE_REQUIRE_BROWSER"
"""Set to 1, a missing browser is a failure."""

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextmanager
def chromium(folder: Path, width: int = 1400, height: int = 900) -> Iterator[Any]:
    """Start Chromium with an empty profile in the folder; the driver notes every request and every message."""
    try:
        from selenium import webdriver
    except ImportError:
        unavailable("selenium is not installed: make test installs it")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    driver = shutil.which("chromedriver")
    if browser is None or driver is None:
        unavailable("needs chromium and chromedriver: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = browser
    for argument in (*ARGUMENTS, f"--user-data-dir={folder}", f"--window-size={width},{height}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"performance": "ALL", "browser": "ALL"})
    started = webdriver.Chrome(options=options, service=webdriver.ChromeService(executable_path=driver))
    try:
        yield started
    finally:
        started.quit()


def unavailable(reason: str) -> None:
    """Skip the test, or fail it where a browser is required."""
    if os.environ.get(REQUIRE) == "1":
        pytest.fail(f"{reason} ({REQUIRE} is set)")
    pytest.skip(reason)


def requests(driver: Any) -> list[str]:
    """Return the addresses that were asked since this was called last."""
    messages = [json.loads(entry["message"])["message"] for entry in driver.get_log("performance")]
    return [
        message["params"]["request"]["url"] for message in messages if message["method"] == "Network.requestWillBeSent"
    ]


def complaints(driver: Any) -> list[str]:
    """Return what was written to the console since this was called last: errors, refusals of the page's policy."""
    return [entry["message"] for entry in driver.get_log("browser")]
