"""TRUST.html in a real browser: it asks no network, and zooms, selects, searches and obeys the keyboard."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.chromium import chromium, complaints, requests
from tests.proof.landscapes import ONE, role, stack, trust
from tests.proof.many_environments import write as write_many
from tests.snapshots import REPOSITORY

from rolebridge.proof.picture import pictures

PAGE = REPOSITORY / "generated" / "TRUST.html"
ROLE = "role_111122223333_MeshfedServiceRole"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def page(browser: Any) -> Any:
    return opened(browser, PAGE)


def opened(browser: Any, file: Path, fragment: str = "") -> Any:
    browser.get("about:blank")
    requests(browser), complaints(browser)
    browser.get(f"{file.as_uri()}{fragment}")
    return browser


def find(page: Any, selector: str) -> Any:
    return page.find_element("css selector", selector)


def shown(page: Any, selector: str) -> list[Any]:
    return [one for one in page.find_elements("css selector", selector) if one.is_displayed()]


def view(page: Any) -> list[float]:
    return [float(number) for number in find(page, "#picture").get_dom_attribute("viewBox").split()]


def press(page: Any, *keys: str) -> None:
    from selenium.webdriver import ActionChains

    ActionChains(page).send_keys(*keys).perform()


def click(page: Any, element: Any) -> None:
    from selenium.webdriver import ActionChains

    ActionChains(page).click(element).perform()


def near(page: Any) -> set[str]:
    return {one.get_attribute("id") for one in page.find_elements("css selector", ".node.near")}


def test_it_asks_for_nothing_but_itself_and_nothing_is_refused_or_wrong(page: Any) -> None:
    click(page, find(page, f"#{ROLE} .name"))
    click(page, find(page, "#in"))
    assert requests(page) == [PAGE.as_uri()]
    assert complaints(page) == []


def test_every_card_is_to_be_seen_at_first_and_none_lies_on_another(page: Any) -> None:
    script = """return [...document.querySelectorAll('.node > rect')].map((one) => {
        const box = one.getBoundingClientRect(); return [box.left, box.top, box.right, box.bottom]; })"""
    cards = page.execute_script(script)
    sheet = find(page, "#picture").rect
    assert len(cards) == 19
    for at, (left, top, right, bottom) in enumerate(cards):
        assert left >= sheet["x"]
        assert top >= sheet["y"]
        assert right <= sheet["x"] + sheet["width"]
        assert bottom <= sheet["y"] + sheet["height"]
        for other_left, other_top, other_right, other_bottom in cards[at + 1 :]:
            assert right <= other_left or other_right <= left or bottom <= other_top or other_bottom <= top


def test_no_text_is_wider_than_its_card(page: Any) -> None:
    script = """return [...document.querySelectorAll('.node text')].filter((one) =>
        one.getBoundingClientRect().right > one.closest('.node').querySelector('rect').getBoundingClientRect().right
    ).map((one) => one.textContent)"""
    assert page.execute_script(script) == []


def test_buttons_keys_and_wheel_zoom_and_fit_shows_everything_again(page: Any) -> None:
    from selenium.webdriver import ActionChains
    from selenium.webdriver.common.actions.wheel_input import ScrollOrigin

    whole = view(page)
    widths = [whole[2]]
    click(page, find(page, "#in"))
    widths.append(view(page)[2])
    find(page, "#picture").send_keys("+")
    widths.append(view(page)[2])
    origin = ScrollOrigin.from_element(find(page, "#picture"))
    ActionChains(page).scroll_from_origin(origin, 0, -200).perform()
    widths.append(view(page)[2])
    assert widths == sorted(widths, reverse=True)
    assert len(set(widths)) == 4
    click(page, find(page, "#out"))
    assert view(page)[2] > widths[-1]
    click(page, find(page, "#fit"))
    assert view(page) == whole


def test_dragging_and_arrow_keys_move_what_is_seen_and_select_nothing(page: Any) -> None:
    from selenium.webdriver import ActionChains

    whole = view(page)
    ActionChains(page).move_to_element(find(page, f"#{ROLE} .name")).click_and_hold().move_by_offset(
        -80, 40
    ).release().perform()
    dragged = view(page)
    assert dragged[0] > whole[0]
    assert dragged[1] < whole[1]
    find(page, "#picture").send_keys("\ue014")  # arrow to the right
    assert view(page)[0] > dragged[0]
    assert near(page) == set()


def test_a_click_selects_a_role_with_everybody_who_gets_there_and_says_what_it_is(page: Any) -> None:
    click(page, find(page, f"#{ROLE} .name"))
    assert find(page, f"#{ROLE}").get_attribute("aria-pressed") == "true"
    assert near(page) == {
        ROLE,
        "role_444455556666_MeshstackAssumeRoleIF",
        "user_444455556666_meshfed_service_user",
        "role_210987654321_MeshstackAccountAccessRole",
        next(key for key in near(page) if key.startswith("provider_container_googleapis_com")),
    }
    text = "\n".join(article.text for article in shown(page, "article"))
    assert "MeshfedServiceRole" in text.splitlines()[1]
    assert "8c4f0b52-7a3e-4d0a-9f61-2c5d7e9b1a34" in text
    assert "TerraformDeploy" not in text
    other = find(page, "#role_345678901234_Admin")
    assert float(other.value_of_css_property("opacity")) < 0.5
    click(page, find(page, "#back"))
    assert near(page) == set()
    assert shown(page, "article") == []


def test_the_keyboard_alone_goes_to_a_role_selects_it_and_leaves_it(page: Any) -> None:
    find(page, f"#{ROLE}").send_keys("\ue007")  # Enter
    assert ROLE in near(page)
    press(page, "\ue00c")  # Escape
    assert near(page) == set()
    press(page, "/")
    press(page, "costexplorer", "\ue007")
    assert len(shown(page, "article")) == 1
    assert "CostExplorer" in shown(page, "article")[0].text


def test_search_looks_into_names_accounts_and_values(page: Any) -> None:
    search = find(page, "#search")
    everybody = shown(page, "#list li")
    assert len(everybody) == 16
    for words, names in (
        ("legacy-shop administration", ["MeshstackAccountAccessRole"]),
        ("f0d9a7c6-51b2", ["MeshCostExplorerServiceRole", "CostExplorerRole", "cost-explorer-user user"]),
        ("nobody is called this", []),
    ):
        search.clear()
        search.send_keys(words)
        assert [one.text for one in shown(page, "#list li")] == names
        assert find(page, "#found").text == f"{len(names)} of 16"


def test_an_address_with_a_role_opens_it(browser: Any) -> None:
    page = opened(browser, PAGE, f"#{ROLE}")
    assert ROLE in near(page)


def test_hostile_texts_are_text(browser: Any, tmp_path: Path) -> None:
    import json

    name = "<script>document.title='run'</script>\"><img src=x onerror=document.title=1>"
    where = {"StringEquals": {"sts:ExternalId": name, f"a:{name}": "${x}"}}
    document = stack(ONE, {"aws_iam_role": {"r": role(name, trust({"AWS": "222222222222"}, where))}})
    file = tmp_path / "TRUST.html"
    file.write_bytes(pictures({"stacks/x/cdk.tf.json": json.dumps(document).encode()})["TRUST.html"])
    page = opened(browser, file)
    assert page.title == "Who can assume what"
    assert requests(page) == [file.as_uri()]
    assert complaints(page) == []
    assert page.find_elements("css selector", "img") == []
    click(page, shown(page, "#list button")[0])
    assert name in shown(page, "article h2")[0].text


def test_of_a_large_landscape_the_selected_roles_arrows_are_seen(browser: Any, tmp_path: Path) -> None:
    write_many(tmp_path, 120)
    files = {file.relative_to(tmp_path).as_posix(): file.read_bytes() for file in tmp_path.rglob("*.tf.json")}
    (tmp_path / "TRUST.html").write_bytes(pictures(files)["TRUST.html"])
    page = opened(browser, tmp_path / "TRUST.html")
    edges = "return [...document.querySelectorAll('.edge[data-to]')].filter((one) => getComputedStyle(one).display !== "
    edges += "'none').length"
    assert page.execute_script(edges) == 0
    find(page, "#search").send_keys("500000000077 role/admin\ue007")
    assert page.execute_script(edges) == 1
    card = page.execute_script("return document.querySelector('.selected').getBoundingClientRect().toJSON()")
    assert card["width"] > 150
    assert complaints(page) == []


def test_on_a_narrow_screen_the_list_stands_below_the_drawing(tmp_path: Path) -> None:
    with chromium(tmp_path, width=500, height=900) as driver:
        page = opened(driver, PAGE)
        assert find(page, "#side").rect["y"] >= find(page, "#legend").rect["y"]
        assert find(page, "#picture").rect["height"] > 200


@pytest.mark.parametrize(("required", "outcome"), [("1", pytest.fail.Exception), ("", pytest.skip.Exception)])
def test_where_there_is_no_browser_it_skips_and_where_one_is_required_it_fails(
    required: str, outcome: type[BaseException], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("ROLEBRIDGE_REQUIRE_BROWSER", required)
    with pytest.raises(outcome, match="chromium"), chromium(tmp_path):
        pass
