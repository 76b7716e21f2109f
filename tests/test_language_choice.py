"""Which language is spoken: the command line's, else the settings', else the system's."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from studio.cli.opening import WindowRequest, opening
from studio.language_choice import is_language, near, of_system, settle
from studio.settings import Settings, write_settings
from tests.macos.runtime import StandIn

CHINESE = ("zh", "zh_CN", "zh-Hans", "zh-Hans-CN", "zh_CN.UTF-8", "zh-SG", "ZH_cn@pinyin")
TRADITIONAL = ("zh_TW.UTF-8", "zh-Hant", "zh-Hant-HK", "zh_HK", "zh-MO")


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """A system that says nothing of languages."""
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANGUAGE", "")  # put back whatever the test settles
    return monkeypatch


def test_names_of_a_language_lead_to_the_one_that_there_is() -> None:
    assert {near(name) for name in CHINESE} == {"zh_CN"}
    assert {near(name) for name in ("en", "en_GB.UTF-8", "en-AU")} == {"en"}
    assert {near(name) for name in (*TRADITIONAL, "de_DE", "C", "C.UTF-8", "")} == {""}
    assert [is_language(name) for name in ("system", "zh", "fr", "")] == [True, True, False, False]


def test_the_system_is_followed_in_the_person_s_order(system: pytest.MonkeyPatch) -> None:
    assert of_system(None) == "en"
    system.setenv("LANG", "zh_CN.UTF-8")
    assert of_system(None) == "zh_CN"
    system.setenv("LC_ALL", "en_US.UTF-8")
    assert of_system(None) == "en"
    system.setenv("LANGUAGE", "fr:zh_CN:en")
    assert of_system(None) == "zh_CN"


def test_a_mac_s_settings_go_before_what_its_terminal_says(system: pytest.MonkeyPatch) -> None:
    system.setenv("LANG", "en_US.UTF-8")
    mac = StandIn(answers={"componentsJoinedByString:": "fr-FR,zh-Hans-CN,en-GB"})
    assert of_system(mac.runtime()) == "zh_CN"
    assert mac.heard[0] == "NSLocale preferredLanguages"
    assert mac.pools == []
    traditional = StandIn(answers={"componentsJoinedByString:": "zh-Hant-TW"})
    assert of_system(traditional.runtime()) == "en"
    system.setenv("LANGUAGE", "en")
    assert of_system(mac.runtime()) == "en"


def test_the_command_line_goes_before_the_settings_and_they_before_the_system(
    system: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    home = ["--home", str(tmp_path)]
    system.setenv("LANG", "en_US.UTF-8")
    system.setattr("studio.language_choice.here", lambda: None)
    write_settings(tmp_path / "settings.json", Settings(language="zh_CN"))
    assert settle(["models", "list"]) == "en"
    assert settle([*home, "models"]) == os.environ["LANGUAGE"] == "zh_CN"
    assert settle([*home, "--language=en"]) == "en"
    os.environ["LANGUAGE"] = ""
    assert settle([*home, "--language", "system", "--", "--language", "zh"]) == "en"
    assert settle([*home, "--language", "en", "data", "make", "--language", "zh"]) == "en"
    os.environ["LANGUAGE"] = ""
    for damaged in ("", "[]", "{", '{"language": 5}', "\udcff"):
        (tmp_path / "settings.json").write_bytes(damaged.encode("utf-8", "surrogateescape"))
        assert settle(home) == "en"


def test_a_language_is_named_for_the_window_too() -> None:
    assert opening(["--language", "zh_CN", "rows.csv"]) == WindowRequest("rows.csv")
    assert opening(["--language=system"]) == WindowRequest()
    assert opening(["--language", "fr"]) is None  # the parser says what there is
