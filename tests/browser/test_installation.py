"""Users, audit, settings and health: what whoever runs the installation sees."""

import pytest
from playwright.async_api import expect

from streamer.domain.consent import Language
from streamer.domain.role import Role
from tests.browser.console import Console, screenshot, sign_in


@pytest.mark.parametrize("language", list(Language))
async def test_pages_in_every_language(console: Console, language: Language) -> None:
    async with console.page(Role.ADMIN, language) as page:
        for path in ("users", "settings", "health"):
            answer = await page.goto(f"/{path}")
            assert answer is not None
            assert answer.status == 200
            await expect(page.locator("h1")).to_be_visible()
            if path == "users":
                await expect(page.locator("#accounts tbody tr")).not_to_have_count(0)
            await screenshot(page, f"{path}-{language}")
    async with console.page(Role.AUDITOR, language) as page:
        await page.goto("/audit")
        await expect(page.locator("#events tbody tr")).not_to_have_count(0)
        await screenshot(page, f"audit-{language}")


async def test_a_user_is_added_and_chooses_a_password(console: Console) -> None:
    async with console.page(Role.ADMIN) as page:
        await page.goto("/users")
        await page.get_by_role("button", name="Add a user").click()
        dialog = page.locator("#account-dialog")
        await dialog.get_by_role("textbox", name="Account").fill("gulnara")
        await dialog.get_by_label("Reviewer").check()
        await screenshot(page, "users-add")
        await dialog.get_by_role("button", name="Save").click()
        await expect(page.locator("#secret")).not_to_be_empty()
        secret = await page.locator("#secret").inner_text()
        assert len(secret) > 12
        await page.get_by_role("button", name="Done").click()
        row = page.get_by_role("row").filter(has_text="gulnara")
        await expect(row).to_contain_text("one-time password")
    async with console.page(None) as page:
        await page.goto("/sign-in")
        await sign_in(page, "gulnara", secret)
        await page.wait_for_url("**/account")
        await expect(page.get_by_text("Choose a password of your own")).to_be_visible()
        await page.get_by_label("Current password").fill(secret)
        await page.get_by_label("New password", exact=True).fill("grey geese over the river")
        await page.get_by_label("New password, once more").fill("grey geese over the river")
        await page.get_by_role("button", name="Change the password").click()
        await page.wait_for_url("**/sign-in*")
        await sign_in(page, "gulnara", "grey geese over the river")
        await page.wait_for_url("**/account")
        await page.goto("/review")
        await expect(page.get_by_role("heading", name="Review")).to_be_visible()


async def test_nobody_changes_their_own_roles(console: Console) -> None:
    async with console.page(Role.ADMIN) as page:
        await page.goto("/users")
        row = page.get_by_role("row").filter(has=page.get_by_role("rowheader", name="admin"))
        await row.get_by_role("button", name="Change").click()
        dialog = page.locator("#account-dialog")
        await dialog.get_by_label("Reception").check()
        await dialog.get_by_role("button", name="Save").click()
        await expect(dialog.get_by_role("alert")).to_contain_text("their own account")


async def test_the_audit_is_read_and_checked(console: Console) -> None:
    async with console.page(Role.AUDITOR) as page:
        await page.goto("/audit")
        await page.get_by_label("What").select_option("sign-in")
        await page.get_by_role("button", name="Show", exact=True).click()
        await expect(page.locator("#events tbody tr").first).to_contain_text("sign-in")
        await page.get_by_role("button", name="Check that it is").click()
        await expect(page.get_by_text("events are as they were written")).to_be_visible()
        await screenshot(page, "audit-checked")


@pytest.mark.parametrize(
    ("role", "closed"),
    [
        (Role.RECEPTION, ("users", "audit", "settings", "health", "review")),
        (Role.ADMIN, ("audit", "review", "enrol")),
        (Role.INSURER, ("users", "review", "enrol", "audit")),
    ],
)
async def test_pages_of_other_roles_are_closed_and_not_in_the_menu(
    console: Console, role: Role, closed: tuple[str, ...]
) -> None:
    async with console.page(role) as page:
        for path in closed:
            answer = await page.goto(f"/{path}")
            assert answer is not None
            assert answer.status == 403
            await expect(page.get_by_role("heading")).to_have_text(
                "This page is not for your account"
            )
            assert await page.locator(f"#menu a[href='/{path}']").count() == 0
