"""Draw a hand-out: a map in one HTML file that loads nothing. A program of its own that soon ends.

    python -I leaflet.py FOLDER FONTS TARGET MEGABYTES SECONDS

FOLDER holds data.json: `title`, `lines` above the map, `middle` [lat, lon], `bounds`, `layers` of
GeoJSON geometry with a style each, `circle`, `marks`. folium writes what it is given as HTML and
as script: here is the one door by which texts reach it, as text.
"""

import html
import json
import runpy
import sys
from pathlib import Path
from typing import Any

import offlinefolium as folium

PLATFORM = Path(__file__).parents[1] / "platform.py"
KEPT = ("leaflet", "leaflet_css", "jquery")
"""What of folium's own baggage a map without pop-up frames needs."""
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'unsafe-inline'"
"""A browser loads nothing either, whatever may stand in the file."""


def safe(text: str) -> str:
    """A text that is one in HTML and in the script that folium writes around it."""
    escaped = html.escape(text)
    for sign in "`$\\":
        escaped = escaped.replace(sign, f"&#{ord(sign)};")
    return escaped


def draw(data: dict[str, Any]) -> str:
    """The page."""
    chart = folium.Map(
        location=data["middle"],
        tiles=None,
        prefer_canvas=True,
        control_scale=True,
        max_zoom=19,
        zoom_animation=False,
        zoom_snap=0.25,
        attribution_control=False,
    )
    chart.default_js = [one for one in chart.default_js if one[0] in KEPT]
    chart.default_css = [one for one in chart.default_css if one[0] in KEPT]
    for layer in data["layers"]:
        _layer(layer).add_to(chart)
    for circle in data["circles"]:
        folium.Circle(**circle).add_to(chart)
    for mark in data["marks"]:
        _mark(mark).add_to(chart)
    chart.fit_bounds(data["bounds"])
    root: Any = chart.get_root()
    policy = f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
    title = f"<title>{safe(data['title'])}</title>"
    root.header.add_child(folium.Element(policy + title + _css(data)), name="head")
    root.html.add_child(folium.Element(_head(data)), name="head")
    return str(root.render())


def _layer(layer: dict[str, Any]) -> Any:
    style = layer["style"]
    shapes = {"type": "GeometryCollection", "geometries": layer["geometries"]}
    feature = {"type": "Feature", "properties": {}, "geometry": shapes}
    return folium.GeoJson(
        {"type": "FeatureCollection", "features": [feature]},
        style_function=lambda _: style, interactive=False,
    )  # fmt: skip


def _mark(mark: dict[str, Any]) -> Any:
    """A mark with its word on it; what it is stands beside it while it is pointed at."""
    word = f'<div class="mark {mark["look"]}">{safe(mark["word"])}</div>'
    icon = folium.DivIcon(html=word, icon_size=(0, 0), class_name="spot")
    told = "<br>".join(map(safe, mark["lines"]))
    return folium.Marker(mark["at"], icon=icon, tooltip=folium.Tooltip(told, sticky=False))


def _css(data: dict[str, Any]) -> str:
    colour = data["colours"]
    return f"""<style>
body {{ font-family: "Noto Sans CJK SC", "Microsoft YaHei", sans-serif; color: {colour["t1"]}; }}
#told {{ position: absolute; z-index: 1000; left: 60px; top: 10px; max-width: 60%;
  padding: 10px 14px; font-size: 14px; line-height: 1.5;
  background: {colour["p"]}; border: 1px solid {colour["ln2"]}; }}
#told b {{ font-size: 20px; }}
body .leaflet-container {{ background: {colour["land"]}; }}
.mark {{ position: absolute; transform: translate(-50%, -50%); white-space: nowrap; font-size: 13px;
  padding: 1px 6px; border: 2px solid {colour["t1"]}; background: {colour["p"]}; }}
.incident {{ font-weight: bold; }}
.g1 {{ background: {colour["s1"]}; color: {colour["ink"]}; }}
.g2 {{ background: {colour["s2"]}; color: {colour["ink23"]}; }}
.g3 {{ background: {colour["s3"]}; color: {colour["ink23"]}; }}
.g4 {{ background: {colour["s4"]}; color: {colour["ink"]}; }}
.unit {{ border-radius: 14px; }}
.post {{ font-weight: bold; }}
.below {{ transform: translate(-50%, 70%); }}
.leaflet-control-scale-line:nth-child(2) {{ display: none; }}
</style>"""


def _head(data: dict[str, Any]) -> str:
    lines = "<br>".join(map(safe, data["lines"]))
    return f'<div id="told"><b>{safe(data["title"])}</b><br>{lines}</div>'


if __name__ == "__main__":
    runpy.run_path(str(PLATFORM))["bound"](int(sys.argv[4]), int(sys.argv[5]), alone=False)
    given = json.loads((Path(sys.argv[1]) / "data.json").read_text(encoding="utf-8"))
    Path(sys.argv[3]).write_text(draw(given), encoding="utf-8")
