"""What the journeys share: a clinic with everything in it, an admin at a browser, and acts people repeat."""

from dataclasses import dataclass

from playwright.sync_api import Locator, Page, expect

from common.clock import utc_now
from tests.portals.browsers import sign_in
from tests.portals.clinic.front_desk import prove_again
from tests.portals.everything import Everything, make_everything

from .conftest import OpenPage


@dataclass(frozen=True)
class Desk:
    """The admin's page, and what the database has."""

    things: Everything
    page: Page

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()

    def follow(self, name: str) -> None:
        self.page.get_by_role("link", name=name, exact=True).first.click()

    def says(self, text: str) -> None:
        expect(self.page.get_by_text(text).first).to_be_visible()

    def heading(self, text: str) -> None:
        expect(self.page.get_by_role("heading", name=text, level=1)).to_be_visible()

    @property
    def dialog(self) -> Locator:
        return self.page.get_by_role("dialog")


def sit_down(open_page: OpenPage, path: str, *, width: int, javascript: bool = True) -> Desk:
    """An admin who proved who they are just now, at that page."""
    things = make_everything(utc_now(), first_name="Petra", last_name="Sommer")
    client = sign_in(things.admin.user)
    prove_again(client)
    return Desk(things, open_page(client, path, width=width, javascript=javascript))
