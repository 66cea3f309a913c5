from __future__ import annotations

from tests.snapshots import REPOSITORY

from rolebridge.proof.findings.reference import reference


def test_the_page_has_the_table_of_the_rules() -> None:
    """If the difference is meant: ``python -m rolebridge.proof.findings.reference``, between the two marks."""
    page = (REPOSITORY / "docs" / "proof.md").read_text(encoding="utf-8")
    begun = page.split("<!-- findings -->\n")[1]
    assert begun.split("<!-- end of findings -->")[0] == reference()
