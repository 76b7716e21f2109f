"""What a Mac is asked, down to the C functions of its Objective-C runtime, which a stand-in takes."""

from __future__ import annotations

import logging
import sys

import pytest

from studio.jobs import train
from studio.macos import activity, objc
from studio.macos.activity import Activity, awake
from studio.macos.notifications import Notifications
from tests.macos.runtime import StandIn

BEGIN = "NSProcessInfo.processInfo beginActivityWithOptions:reason:"
APP = {"bundlePath": "/Applications/Tuning Studio.app", "bundleIdentifier": "studio"}


@pytest.fixture
def frozen(monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the app that was built."""
    monkeypatch.setattr(sys, "frozen", True, raising=False)


def test_a_mac_stays_awake_until_the_work_ends() -> None:
    mac = StandIn()
    held = Activity(mac.runtime())
    held.begin("Training")
    held.begin("Training")
    assert held.held
    held.end()
    held.end()
    assert not held.held
    assert mac.heard == [
        "NSProcessInfo processInfo",
        f"{BEGIN} 16777215, “Training”",  # NSActivityUserInitiated
        f"{BEGIN.replace(' ', '.')} retain",
        "NSProcessInfo processInfo",
        f"NSProcessInfo.processInfo endActivity: {BEGIN.replace(' ', '.')}",
        f"{BEGIN.replace(' ', '.')} release",
    ]
    assert mac.pools == []


def test_it_may_sleep_again_when_the_work_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    mac = StandIn()
    monkeypatch.setattr(activity, "here", mac.runtime)

    def fail() -> None:
        with awake():
            assert not any("endActivity" in each for each in mac.heard)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert sum("endActivity" in each for each in mac.heard) == 1
    assert train.awake is awake  # which a run is held in


def test_other_systems_are_left_alone() -> None:
    assert sys.platform != "darwin" or pytest.skip("this is a Mac")
    held = Activity(objc.here())
    held.begin()
    assert not held.held
    held.end()
    Notifications(objc.here()).tell("Done", "It is done.")


@pytest.mark.usefixtures("frozen")
def test_the_app_asks_once_and_tells_a_title_and_a_sentence(caplog: pytest.LogCaptureFixture) -> None:
    mac = StandIn(answers=APP)
    told = Notifications(mac.runtime())
    mac.heard.clear()
    told.ask()
    told.ask()
    center = "UNUserNotificationCenter.currentNotificationCenter"
    asked = [each for each in mac.heard if each.startswith(center)]
    assert asked == [f"{center} requestAuthorizationWithOptions:completionHandler: 7, block"]
    with caplog.at_level(logging.INFO):
        mac.answer_block(False)
        mac.answer_block(True)
    assert caplog.messages == ["Notifications are not allowed", "Notifications are allowed"]
    mac.heard.clear()
    told.tell("Fertig", "„Läufe“ sind zu Ende.")
    content = "UNMutableNotificationContent.new"
    request = "UNNotificationRequest.requestWithIdentifier:content:trigger:"
    assert mac.heard == [
        "UNMutableNotificationContent new",
        f"{content} setTitle: “Fertig”",
        f"{content} setBody: “„Läufe“ sind zu Ende.”",
        "UNNotificationSound defaultSound",
        f"{content} setSound: UNNotificationSound.defaultSound",
        f"UNNotificationRequest requestWithIdentifier:content:trigger: “run”, {content}, nil",
        "UNUserNotificationCenter currentNotificationCenter",
        f"{center} addNotificationRequest:withCompletionHandler: {request}, nil",
        f"{content} release",
    ]
    assert mac.pools == []


@pytest.mark.usefixtures("frozen")
@pytest.mark.parametrize(
    "mac",
    [
        StandIn(answers={**APP, "bundlePath": "/usr/local/bin"}),
        StandIn(answers={**APP, "bundleIdentifier": ""}),
        StandIn("UNUserNotificationCenter", answers=APP),
    ],
    ids=["no bundle", "no identifier", "no such class"],
)
def test_what_is_no_app_never_asks_for_the_center_which_would_end_it(mac: StandIn) -> None:
    told = Notifications(mac.runtime())
    told.ask()
    told.tell("Done", "It is done.")
    assert not any("currentNotificationCenter" in each for each in mac.heard)


def test_from_source_the_center_is_never_asked_for_in_the_name_of_python() -> None:
    mac = StandIn(answers=APP)
    Notifications(mac.runtime()).tell("Done", "It is done.")
    assert mac.heard == []


def test_a_mac_without_its_libraries_goes_on_without(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(sys, "platform", "darwin")
    monkeypatch.setattr(objc, "RUNTIME", "/no/such/library")
    assert objc.here.__wrapped__() is None
    assert "cannot be used" in caplog.text
