"""Settings: where they come from, which one wins, and what is said where one is wrong."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest

from commandwall.config import ASSETS, FILES, Settings, SettingsError, brokers

ADDRESS = "postgresql://wall:hunter2@db.example/city"


def hall(folder: Path, text: str) -> Path:
    file = folder / "hall.toml"
    file.write_text(text, encoding="utf-8")
    return file


def refusal(flags=None, environment=None, file=None) -> str:
    with pytest.raises(SettingsError) as refused:
        Settings.load(flags or {}, environment or {}, file)
    return str(refused.value)


def test_flags_win_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    file = hall(tmp_path, 'lang = "en"\nside = "front"\ndistance_mm = 9000\nscreen = "DP-1"\n')
    environment = {"COMMANDWALL_LANG": "zh", "COMMANDWALL_SIDE": "back", "COMMANDWALL_DEMO": "1"}
    settings = Settings.load({"side": "front", "lang": None}, environment, file)
    assert (settings.lang, settings.side, settings.demo) == ("zh", "front", True)
    assert (settings.distance_mm, settings.screen) == (9000.0, "DP-1")


def test_a_child_program_gets_the_same_settings(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, demo=True, side="front", pitch_mm=1.25)
    assert asdict(Settings.load({}, settings.environment())) == asdict(settings)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('them = "day"', "unknown key 'them'"),
        ('theme = "night"', "theme: 'night' is none of dark, day"),
        ('wall = "war"', "wall: 'war' is none of"),
        ('lang = "fr"', "lang: 'fr' is none of zh, en"),
        ("demo = 1", "demo: 1 is no bool"),
        ("data_dir = 7", "data_dir: 7 is no Path"),
        ("pitch_mm = -1.0", "pitch_mm: -1.0 is no length"),
        ('secret_file = "/nowhere/x"', "secret_file: /nowhere/x: No such file"),
        ("[pool]", "pool: {} is no str"),
        (f"pitch_mm = {'9' * 400}", "pitch_mm: 999"),
        ("distance_mm = 1e300", "distance_mm: 1e+300 is no length"),
        ('data_dir = ""', "data_dir: '' is no Path"),
        ('data_dir = "~nobody-here/x"', "data_dir: '~nobody-here/x': Could not determine home"),
        ('secret_file = "a\\u0000b"', "secret_file: 'a\\x00b' holds a NUL"),
        ('screen = "\\u0000"', "screen: '\\x00' holds a NUL"),
        ('peers = "10.0.0.5:7420, hall"', "peers: 'hall' is no address like 10.0.0.5:7420"),
        ('peer_listen = ":7420"', "peer_listen: ':7420' is no address"),
        ('peer_listen = "::1:7420"', "peer_listen: '::1:7420' is no address"),
        ('peer_listen = "0.0.0.0:99999"', "peer_listen: '0.0.0.0:99999' is no address"),
    ],
)
def test_a_wrong_line_of_a_file_is_named(tmp_path: Path, line: str, said: str) -> None:
    # A longer key before it begins alike, and its value looks like the line.
    file = hall(tmp_path, f'# theme\nplugins = """\na:B"""\n\n{line}\n')
    assert refusal(file=file).startswith(f"{file}:5: {said}")


@pytest.mark.parametrize("key", FILES)
def test_every_file_of_the_assets_may_be_chosen(key: str) -> None:
    names = {file.stem for file in (ASSETS / FILES[key]).glob("*.toml")}
    assert names
    for name in names:
        assert getattr(Settings.load({key: name}, {}), key) == name


@pytest.mark.parametrize(
    "content",
    [b"theme = ", b"\xff\xfe", b"x = " + b"[" * 9_999],
    ids=["no TOML", "no text", "deep"],
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "hall.toml"
    assert refusal(file=file) == f"{file}: No such file or directory"
    file.write_bytes(content)
    assert refusal(file=file).startswith(f"{file}: ")


def test_a_file_may_begin_with_the_mark_that_some_editors_write(tmp_path: Path) -> None:
    assert Settings.load({}, {}, hall(tmp_path, '\ufefflang = "en"\n')).lang == "en"


@pytest.mark.parametrize("pitch", [1e-300, 0.02, 250.0])
def test_lengths_for_which_no_type_can_be_set_are_refused_together(pitch: float) -> None:
    assert refusal({"pitch_mm": pitch}).startswith("distance_mm, pitch_mm: the farthest seat is")


def test_a_variable_that_names_no_setting_is_refused() -> None:
    assert refusal(environment={"COMMANDWALL_FOO": "1"}).startswith("COMMANDWALL_FOO: ")
    wrong = {"COMMANDWALL_DEMO": "maybe"}
    assert refusal(environment=wrong) == "COMMANDWALL_DEMO: 'maybe' is no bool"
    wrong = {"COMMANDWALL_DATA_DIR": ""}
    assert refusal(environment=wrong) == "COMMANDWALL_DATA_DIR: '' is no Path"
    wrong = {"COMMANDWALL_THEME": "night"}
    assert refusal(environment=wrong) == "COMMANDWALL_THEME: 'night' is none of dark, day"
    assert Settings.load({}, {"COMMANDWALL_TEST_LONG": "1", "HOME": "/root"}) == Settings()


@pytest.mark.parametrize(
    "address",
    [
        ADDRESS, "postgresql://wall:hunter/2@db/city", "postgresql://db/city?password=hunter2",
        "host=db sslpassword = hunter2", "postgresql://wall@db?user=a&PassWord=hunter2",
    ],
)  # fmt: skip
def test_a_password_in_an_address_is_refused_with_how_to_do_it_right(
    tmp_path: Path, address: str
) -> None:
    file = hall(tmp_path, f'demo = false\npool = "{address}"\n')
    places = {
        f"{file}:2: pool: ": refusal(file=file),
        "COMMANDWALL_POOL: ": refusal(environment={"COMMANDWALL_POOL": address}),
        "--pool: ": refusal({"pool": address}),
    }
    for place, said in places.items():
        assert said.startswith(place)
        assert "secret_file" in said and "keyring set commandwall" in said
        assert "hunter" not in said


def test_an_address_without_a_password_is_taken() -> None:
    for address in (
        "postgresql://wall@db.example:5432/city?sslmode=verify-full", "postgresql://[::1]:5432/c",
        "postgresql://station@/city?host=%2Ftmp%2Fa%40b&port=5432",
    ):  # fmt: skip
        assert Settings.load({"pool": address}, {}).pool == address


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "station.secret"
    secret.touch(mode=0o644)
    said = refusal(environment={"COMMANDWALL_SECRET_FILE": str(secret)})
    assert said == (f"COMMANDWALL_SECRET_FILE: {secret} can be read by others: chmod 600 {secret}")
    secret.chmod(0o600)
    assert Settings.load({"secret_file": str(secret)}, {}).secret_file == str(secret)


def test_the_demo_keeps_to_a_folder_of_its_own(tmp_path: Path) -> None:
    """What was tried on an invented city is never sent to the real one of the same machine."""
    real, invented = Settings.load({}, {}), Settings.load({"demo": True}, {})
    assert invented.data_dir != real.data_dir
    assert Settings.load({"demo": True, "data_dir": tmp_path}, {}).data_dir == tmp_path


def test_addresses_of_brokers() -> None:
    found = brokers("mqtt://10.0.0.7, mqtts://wall%40hall@broker.city:9000 ,mqtt://[::1]:1884/")
    assert [(b.host, b.port, b.user, b.tls) for b in found] == [
        ("10.0.0.7", 1883, "", False), ("broker.city", 9000, "wall@hall", True),
        ("::1", 1884, "", False),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "address",
    ["10.0.0.7", "http://a", "mqtt://", "mqtt://a:99999", "mqtt://a/topic", "mqtt://a?x=1"],
)
def test_what_is_no_broker_is_named(address: str) -> None:
    with pytest.raises(SettingsError, match=r"--mqtt: .* is no address like mqtt://"):
        Settings.load({"mqtt": f"mqtt://b, {address}"}, {})


def test_a_brokers_password_stands_in_no_address() -> None:
    with pytest.raises(SettingsError, match="mqtt_secret_file"):
        Settings.load({"mqtt": "mqtt://a:1883, mqtt://wall:secret@b"}, {})
    assert Settings.load({"mqtt": "mqtt://a:1883,mqtt://wall@b"}, {}).mqtt
