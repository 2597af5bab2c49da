"""A small picture of a file: a program of its own, without the rest of ours, that soon ends.

    python -I child.py SOURCE TARGET PIXELS KILOBYTES MEGABYTES SECONDS

What a picture from outside does to its decoder happens here, within bounds of memory, time and
output. The result is drawn anew: nothing of the source but its pixels gets into it, so neither a
position nor a name of a camera.
"""

import runpy
import sys
from pathlib import Path

from PIL import Image, ImageOps

FORMATS = ("JPEG", "PNG", "GIF", "WEBP", "BMP", "TIFF")
PLATFORM = Path(__file__).parents[1] / "platform.py"
QUALITY = (85, 70, 50)


def draw(source: str, target: str, pixels: int, kilobytes: int) -> None:
    with Image.open(source, formats=FORMATS) as found:
        found.draft("RGB", (2 * pixels, 2 * pixels))  # a large photo is read small
        upright = ImageOps.exif_transpose(found)
        upright.thumbnail((pixels, pixels))
        ground = Image.new("RGB", upright.size, "white")
        seen = upright.convert("RGBA")
        ground.paste(seen, mask=seen.getchannel("A"))
    for quality in QUALITY:
        ground.save(target, "JPEG", quality=quality)
        if Path(target).stat().st_size <= kilobytes << 10:
            return
    raise ValueError("too large")


if __name__ == "__main__":
    # Only Pillow's own warning of size is lifted: the bounds above are what holds.
    Image.MAX_IMAGE_PIXELS = None
    runpy.run_path(str(PLATFORM))["bound"](int(sys.argv[5]), int(sys.argv[6]))
    draw(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))
