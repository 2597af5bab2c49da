"""Two views of one map in one small picture: the city at half size, a part of the district as is.

`python -m benchmarks.peers.album CITY.png DISTRICT.png OUT.png`; needs pillow.
"""

from __future__ import annotations

import sys

from PIL import Image

WIDTH, HEIGHT = 960, 540
COLOURS = 48
CORNER = (120, 440)
"""Left top of the part of the district."""


def main(city: str, district: str, out: str) -> None:
    page = Image.new("RGB", (WIDTH, 2 * HEIGHT))
    page.paste(Image.open(city).convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.BOX))
    left, top = CORNER
    part = Image.open(district).convert("RGB").crop((left, top, left + WIDTH, top + HEIGHT))
    page.paste(part, (0, HEIGHT))
    page.quantize(COLOURS, dither=Image.Dither.NONE).save(out, optimize=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
