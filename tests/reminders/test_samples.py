"""Made-up reminders: what a test says when it leaves, and when it does not leave after all."""

import pytest

from notifications import kinds
from notifications.kinds import Email, Sms
from notifications.models import Delivery
from organisations.models import AuditEntry, User
from reminders.errors import Invalid
from reminders.samples import REMINDER_TEST, sample_of, send_test
from reminders.text_messages import SEPTETS_IN_TWO_SEGMENTS, septets
from tests.factories import ADMIN, NOW

from .world import World


@pytest.fixture
def user(world: World) -> User:
    user = world.admin.user
    user.mobile_phone = "+4915112345678"
    user.timezone = "Asia/Tokyo"
    user.save()
    return user


def sent(world: World, user: User, group: str, channel: str) -> Delivery:
    send_test(world.type, group=group, channel=channel, user=user, actor=ADMIN, now=NOW)
    return Delivery.objects.latest("id")


def test_a_test_says_that_it_is_one(world: World, user: User) -> None:
    kind = kinds.find(REMINDER_TEST)
    mail = kind.render(sent(world, user, "patient", "email"), NOW)
    assert isinstance(mail, Email)
    assert mail.subject == "Test: Reminder of your appointment"
    for text in (mail.text, mail.html):
        assert "This is a test." in text
    text_message = kind.render(sent(world, user, "patient", "sms"), NOW)
    assert isinstance(text_message, Sms)
    assert text_message.text.startswith("Test: ")


def test_a_sample_is_told_by_its_readers_clock(world: World, user: User) -> None:
    times = {
        group: sample_of(world.type, group=group, user=user, now=NOW).sms().text
        for group in ("patient", "admin")
    }
    assert "Tue 2 Mar 2027, 10:00 (Europe/Berlin, CET)" in times["patient"]
    assert "Tue 2 Mar 2027, 18:00 (Asia/Tokyo, JST)" in times["admin"]
    assert septets(times["patient"]) <= SEPTETS_IN_TWO_SEGMENTS


def test_a_deactivated_user_is_sent_no_test(world: World, user: User) -> None:
    delivery = sent(world, user, "doctor", "email")
    still_wanted = kinds.find(REMINDER_TEST).still_wanted
    assert still_wanted(delivery, NOW) == ""
    User.objects.filter(pk=user.pk).update(is_active=False)
    assert still_wanted(delivery, NOW) == "the user is deactivated"


def test_a_test_is_audited_without_an_address(world: World, user: User) -> None:
    sent(world, user, "doctor", "sms")
    entry = AuditEntry.objects.get(action="reminder.test_sent")
    assert entry.object_uid == world.type.uid
    assert entry.details == {"recipient_group": "doctor", "channel": "sms"}


def test_an_unknown_group_has_no_sample(world: World, user: User) -> None:
    with pytest.raises(Invalid, match="recipient_group"):
        sample_of(world.type, group="everyone", user=user, now=NOW)
    with pytest.raises(Invalid, match="channel"):
        sent(world, user, "patient", "webhook")
    assert not Delivery.objects.exists()
