"""One of the pages in Debian's Chromium, driven by chromedriver; no graphics card is used.

`--gl swiftshader` is Chromium's own software GL; `--gl llvmpipe` is Mesa's, on a display of Xvfb
that is started here; without it there is no GL at all (Leaflet's canvas on the processor).
"""

from __future__ import annotations

import base64
import contextlib
import os
import subprocess
import tempfile
import threading
from argparse import Namespace
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

from benchmarks.peers.stopwatch import arguments, told

PAGES = Path(__file__).parent / "pages"
SIZE = {"width": 1920, "height": 1080}
QUIET = (
    "--no-sandbox", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--disable-frame-rate-limit",
    "--disable-gpu-vsync", "--hide-scrollbars", "--force-device-scale-factor=1",
    "--window-size=1920,1240", "--window-position=0,0", "--disable-background-timer-throttling",
    "--disable-renderer-backgrounding",
)  # fmt: skip
GL = {
    "": ("--headless", "--disable-gpu"),
    "swiftshader": ("--headless", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"),
    "llvmpipe": ("--use-gl=angle", "--use-angle=gl", "--ignore-gpu-blocklist"),
}


class Files(SimpleHTTPRequestHandler):
    """The pages, the data, and what npm installed."""

    def __init__(self, *args: Any, options: Namespace, **more: Any) -> None:
        self._options = options
        super().__init__(*args, **more)

    def translate_path(self, path: str) -> str:
        name = path.partition("?")[0].lstrip("/")
        if name == "data.json":
            return str(self._options.data)
        if name.startswith("web/"):
            return str(self._options.web / "node_modules" / name[4:])
        return str(PAGES / name)

    def log_message(self, *args: Any) -> None:
        """Nothing: the last line of a peer is its answer."""


Files.extensions_map |= {".mjs": "text/javascript", ".js": "text/javascript"}


@contextlib.contextmanager
def served(options: Namespace) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Files, options=options))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@contextlib.contextmanager
def display(wanted: bool) -> Iterator[dict[str, str]]:
    """The environment with a screen of its own, where one is wanted."""
    if not wanted:
        yield dict(os.environ)
        return
    ours, theirs = os.pipe()
    screen = ["Xvfb", "-displayfd", str(theirs), "-screen", "0", "1920x1240x24"]
    server = subprocess.Popen([*screen, "-nolisten", "tcp"], pass_fds=[theirs])
    try:
        with os.fdopen(ours) as line:
            yield {**os.environ, "DISPLAY": f":{line.readline().strip()}"}
    finally:
        server.terminate()
        server.wait()


@contextlib.contextmanager
def chromium(options: Namespace) -> Iterator[webdriver.Chrome]:
    with display(options.gl == "llvmpipe") as environment, tempfile.TemporaryDirectory() as home:
        given = webdriver.ChromeOptions()
        given.binary_location = "/usr/bin/chromium"
        for flag in (*QUIET, *GL[options.gl], f"--user-data-dir={home}"):
            given.add_argument(flag)
        service = Service("/usr/bin/chromedriver", env=environment)
        driver = webdriver.Chrome(given, service)
        driver.set_script_timeout(600)
        try:
            yield driver
        finally:
            driver.quit()


def loaded(driver: webdriver.Chrome, address: str) -> None:
    driver.get(address)
    driver.execute_async_script(
        "const done = arguments[0];"
        "const look = () => window.ready ? done() : setTimeout(look, 100); look();"
    )


def measured(driver: webdriver.Chrome, view: str, options: Namespace) -> Any:
    return driver.execute_async_script(
        "const [view, times, seconds, quick, done] = arguments;"
        "window.measure(view, times, seconds, quick).then(done, (e) => done(String(e.stack)));",
        view, options.times, options.seconds, options.quick,
    )  # fmt: skip


def photograph(driver: webdriver.Chrome, path: Path) -> None:
    clip = {"x": 0, "y": 0, **SIZE, "scale": 1}
    shot = driver.execute_cdp_cmd("Page.captureScreenshot", {"clip": clip})
    path.write_bytes(base64.b64decode(shot["data"]))


def renderer(driver: webdriver.Chrome) -> str:
    """Who draws WebGL in this browser; "" where nobody does."""
    return str(driver.execute_script(
        "const gl = document.createElement('canvas').getContext('webgl');"
        "const info = gl && gl.getExtension('WEBGL_debug_renderer_info');"
        "return info ? gl.getParameter(info.UNMASKED_RENDERER_WEBGL) : ''"
    ))  # fmt: skip


def main() -> None:
    options, rows = arguments(__doc__), {}
    with served(options) as address, chromium(options) as driver:
        loaded(driver, f"{address}/{options.page}.html")
        for view in options.views:
            rows[view] = measured(driver, view, options)
            photograph(driver, options.pictures / f"{options.page}{options.gl}-{view}.png")
        version = driver.execute_script("return [window.version, window.trouble]")
        browser = driver.capabilities["browserVersion"]
        told(rows, version[0], trouble=version[1], browser=browser, renderer=renderer(driver))


if __name__ == "__main__":
    main()
