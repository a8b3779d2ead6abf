"""Signing in and out, languages and colours: what stands around every page."""

from typing import Literal

import pytest
from playwright.async_api import expect

from streamer.domain.consent import Language
from streamer.domain.role import Role
from tests.browser.console import Console, screenshot, sign_in

SIGN_IN = {Language.KK: "Кіру", Language.RU: "Войти", Language.EN: "Sign in"}


@pytest.mark.parametrize("language", list(Language))
async def test_nobody_sees_more_than_the_sign_in_page(console: Console, language: Language) -> None:
    async with console.page(None, language) as page:
        await page.goto("/account")
        assert page.url.endswith("/sign-in?return_to=%2Faccount")
        await expect(page.get_by_role("heading", name=SIGN_IN[language])).to_be_visible()
        assert await page.locator("html").get_attribute("lang") == language
        await screenshot(page, f"sign-in-{language}")


async def test_signing_in_leads_to_where_one_wanted_to_go(console: Console) -> None:
    async with console.page(None) as page:
        await page.goto("/account")
        await sign_in(page, "reception", "not the password")
        await expect(page.get_by_role("alert")).to_have_text(
            "Account and password do not belong together."
        )
        await sign_in(page, "reception")
        await page.wait_for_url("**/account")
        await expect(page.get_by_role("heading", name="reception")).to_be_visible()
        await page.get_by_role("button", name="Sign out").click()
        await page.wait_for_url("**/sign-in")
        await page.goto("/account")
        assert "/sign-in" in page.url


async def test_language_and_colours_are_remembered(console: Console) -> None:
    async with console.page(Role.RECEPTION) as page:
        await page.goto("/account")
        await page.get_by_label("Language").select_option("kk")
        await expect(page.get_by_role("button", name="Шығу")).to_be_visible()
        # Its scripts run before a page counts as loaded; without them nobody hears the choice.
        await page.wait_for_load_state("load")
        await page.locator("#theme").select_option("dark")
        await page.reload()
        assert await page.locator("html").get_attribute("data-theme") == "dark"
        assert await page.locator("html").get_attribute("lang") == "kk"
        await screenshot(page, "account-dark-kk")


@pytest.mark.parametrize("colours", ["light", "dark"])
async def test_a_phone_has_one_line_above_the_page_and_the_rest_in_the_menu(
    console: Console, colours: Literal["light", "dark"]
) -> None:
    phone = {"viewport": {"width": 390, "height": 844}, "color_scheme": colours}
    async with console.page(Role.RECEPTION, Language.RU, **phone) as page:
        await page.goto("/account")
        menu = page.get_by_role("button", name="Меню")
        bar = await page.locator(".bar").bounding_box()
        assert bar is not None
        assert bar["height"] < 70
        await expect(page.get_by_label("Язык")).to_be_visible()
        in_menu = [page.locator(one) for one in ("#sign-out", "#theme", ".account")]
        for one in in_menu:
            await expect(one).to_be_hidden()
        await screenshot(page, f"phone-{colours}")
        await menu.click()
        for one in in_menu:
            await expect(one).to_be_visible()
        await screenshot(page, f"phone-menu-{colours}")


async def test_a_page_that_is_none_says_so(console: Console) -> None:
    async with console.page(Role.RECEPTION) as page:
        for path in ("/static/none.js", "/nowhere"):
            answer = await page.goto(path)
            assert answer is not None
            assert answer.status == 404
            await expect(page.get_by_role("heading")).to_have_text("There is no such page")


@pytest.mark.parametrize("target", ["//evil.example", "/\\evil.example", "https://evil.example"])
async def test_the_way_back_leads_nowhere_else(console: Console, target: str) -> None:
    async with console.page(Role.RECEPTION) as page:
        await page.goto(f"/sign-in?return_to={target}")
        assert page.url.startswith(console.url)
