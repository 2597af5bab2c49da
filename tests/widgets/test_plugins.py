"""The plug-in door as a city's own people use it: installed beside us, or named in the settings."""

from __future__ import annotations

import dataclasses
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtGui import QColor

from commandwall.areas import Place
from commandwall.picture import Changes
from widgets.base import Subject

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "plugin"
SHELTERS = [
    Place("p1", "shelter", "人民体育场", "t1", 120.2, 31.12, 3000),
    Place("p2", "shelter", "二中操场", "t1", 120.21, 31.14, 800),
    Place("p3", "school", "二中", "t1", 120.22, 31.16, 1200),
]
BROKEN = """
from layers.base import Layer
from widgets.base import Panel

class Unmade(Layer):
    id = "unmade"
    def __init__(self):
        raise ValueError("this layer cannot be made")

class Unbuilt(Panel):
    id = "unbuilt"
    def __init__(self, context, options=None, parent=None):
        raise ValueError("this panel cannot be made")

class Neither:
    pass
"""


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder of installed packages that Python searches, as pip would leave it."""
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(folder)
    yield folder
    for name in ("shelters", "broken_by_hand"):
        sys.modules.pop(name, None)


def install(site: Path, name: str, source: str, layers: str = "", panels: str = "") -> None:
    """What pip does with a module: the file, and its metadata beside it."""
    (site / f"{name}.py").write_text(source, encoding="utf-8")
    about = site / f"{name}-1.0.dist-info"
    about.mkdir()
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    points = f"[commandwall.layers]\n{layers}\n[commandwall.panels]\n{panels}\n"
    (about / "entry_points.txt").write_text(points)


def install_example(site: Path) -> None:
    import tomllib

    groups = tomllib.loads((EXAMPLE / "pyproject.toml").read_text())["project"]["entry-points"]
    lines = {
        group: "\n".join(f"{name} = {value}" for name, value in points.items())
        for group, points in groups.items()
    }
    source = (EXAMPLE / "shelters.py").read_text(encoding="utf-8")
    install(site, "shelters", source, lines["commandwall.layers"], lines["commandwall.panels"])


@pytest.fixture
def open_wall(world: Any, qtbot: Any) -> Iterator[Callable[[str], Any]]:
    """A wall as main builds it, every layer and panel through the door."""
    from layers.base import installed, load_layers
    from layers.map import MapView
    from widgets.wall import Wall

    def open_(named: str) -> Wall:
        settings = dataclasses.replace(world.settings, plugins=named)
        view = MapView(load_layers(installed(named)), clock=world.clock)
        wall = Wall(world.world, settings, view)
        world.walls.append(wall)
        wall.resize(1920, 1080)
        wall.show()
        world.tick({Place: SHELTERS})
        qtbot.waitUntil(lambda: view.board.idle and view.pane.frame is not None)
        return wall

    yield open_
    for wall in world.walls:
        wall.map.shut()
        wall.close()
        wall.deleteLater()


def tick(wall: Any, places: list[Place]) -> None:
    """News of places, as main brings them."""
    changes = Changes(wall.picture.now, {Place: {p.id: p for p in places}})
    wall.picture.apply(changes)
    wall.tick(changes)
    wall.turns.finish()


def seen_on_the_wall(wall: Any) -> str:
    """What the page of plug-ins says where the panel has its place."""
    wall.open_page("others")
    panel = next(p for p in wall.page.panels.values() if p.id == "shelters")
    panel.grab()
    return str(panel.accessibleDescription())


def seen_on_the_map(wall: Any, place: Place) -> bool:
    """Whether the layer's dot stands where the place is."""
    view = wall.map
    x, y = view.scene.project([place.lon], [place.lat])
    px, py = view.navigator.view.pixel(float(x[0]), float(y[0]))
    found = view.grab().toImage().pixelColor(round(px), round(py))
    return bool(found == QColor(view.scene.style.colours["t1"]))


def is_whole(wall: Any) -> bool:
    """Whether the built-in parts are all there and live."""
    return {"areas", "events"} <= {la.id for la in wall.map.layers()} and not any(
        p.failures or p.id == "missing" for p in wall.page.shown()
    )


@pytest.mark.parametrize("how", ["installed", "named"])
def test_a_citys_own_layer_and_panel_stand_on_map_and_wall(
    site: Path, open_wall: Any, how: str
) -> None:
    if how == "installed":
        install_example(site)
    else:
        shutil.copy(EXAMPLE / "shelters.py", site)
    wall = open_wall("shelters:ShelterLayer, shelters:ShelterPanel" if how == "named" else "")
    assert is_whole(wall)
    assert seen_on_the_map(wall, SHELTERS[0])
    assert not seen_on_the_map(wall, SHELTERS[2])
    told = seen_on_the_wall(wall)
    assert told.index("人民体育场 3000 人") < told.index("二中操场 800 人")


def test_broken_ones_are_logged_and_left_out_and_the_rest_works(
    site: Path, open_wall: Any, caplog: pytest.LogCaptureFixture
) -> None:
    install_example(site)
    install(
        site, "broken_by_hand", BROKEN,
        "nowhere = not_there_at_all:Layer\nunmade = broken_by_hand:Unmade",
        "astray = broken_by_hand:Nothing\nunbuilt = broken_by_hand:Unbuilt",
    )  # fmt: skip
    wall = open_wall("broken_by_hand:Neither, also_not_there:Panel")
    assert is_whole(wall)
    assert seen_on_the_map(wall, SHELTERS[0])
    assert "人民体育场" in seen_on_the_wall(wall)
    missing = ("nowhere", "unmade", "astray", "unbuilt", "Neither", "Panel")
    assert [n for n in missing if f" {n} could not be " not in caplog.text] == []


UNRULY = """
from commandwall.areas import Place
from layers.base import Layer
from widgets.base import Panel

class Unruly(Panel):
    id, title, shows = "unruly", "不听话", frozenset({Place})
    def refresh(self, picture, changes):
        pass
    def commands(self):
        raise ValueError("no commands")
    def spare(self):
        raise ValueError("no spare height")
    def place(self):
        raise ValueError("no place")
    def open(self, subject):
        raise ValueError("nothing is opened")

class Odd(Panel):
    id, title = "odd", "怪"
    def refresh(self, picture, changes):
        pass
    def commands(self):
        return [None, 5]
    def spare(self):
        return float("nan")

class Listed(Panel):
    id, title, shows = "listed", "列", [Place]

class Bare(Layer):
    id, title, shows = "bare", "空", frozenset({Place})
    def __init__(self):
        pass
    def refresh(self, picture, changes, scene):
        raise ValueError("this layer cannot be drawn")

class Unordered(Layer):
    id, order = "unordered", "first"

class Unshown(Layer):
    id, shows = "unshown", [Place]

class Untitled(Layer):
    id, title = "untitled", 5
"""


def test_whatever_a_plug_in_does_wrong_the_rest_goes_on_and_it_is_named(
    site: Path, open_wall: Any, caplog: pytest.LogCaptureFixture
) -> None:
    install_example(site)
    (site / "ends_at_once.py").write_text("raise SystemExit(0)", encoding="utf-8")
    panels = "unruly = broken_by_hand:Unruly\nodd = broken_by_hand:Odd\nl = broken_by_hand:Listed"
    layers = "\n".join(
        f"{n} = broken_by_hand:{n}" for n in ("Unordered", "Unshown", "Untitled", "Bare")
    )
    install(site, "broken_by_hand", UNRULY, layers, panels)
    wall = open_wall("ends_at_once:Script")
    assert seen_on_the_map(wall, SHELTERS[0])
    assert "人民体育场" in seen_on_the_wall(wall)
    wall.choose(Subject(Place, "p1"))
    wall.open_keys()
    wall.set_language("en")
    wall.resize(1280, 720)
    world_news = dataclasses.replace(SHELTERS[0], name="新体育场")
    wall.open_page("others")
    tick(wall, [world_news, *SHELTERS[1:]])
    assert "新体育场" in seen_on_the_wall(wall)
    unruly = next(p for p in wall.page.panels.values() if p.id == "unruly")
    assert unruly.failures > 0
    notes = {layer.id: layer.note for layer in wall.map.layers()}
    assert notes["bare"] == "Failed, see the log" and "untitled" not in notes
    for name in ("Script", "l", "Unordered", "Unshown", "Untitled"):
        assert f" {name} could not be loaded" in caplog.text
    wall.open_page(wall.file.pages[0].id)
    assert is_whole(wall)


def test_a_layer_with_the_id_of_ours_does_not_take_its_place(
    site: Path, caplog: pytest.LogCaptureFixture
) -> None:
    from importlib.metadata import EntryPoint

    from layers.base import GROUP, load_layers

    source = "from layers.base import Layer\nclass Mine(Layer):\n    id = 'areas'\n"
    install(site, "broken_by_hand", source)
    ours = EntryPoint("areas", "layers.areas:AreasLayer", GROUP)
    loaded = load_layers([ours, EntryPoint("mine", "broken_by_hand:Mine", GROUP)])
    assert [type(layer).__name__ for layer in loaded] == ["AreasLayer"]
    assert "another has the id 'areas'" in caplog.text
