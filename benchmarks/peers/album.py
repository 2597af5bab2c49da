"""Two views of one map in one small picture: the city at half size, a part of the district as is.

`python -m benchmarks.peers.album CITY.png DISTRICT.png OUT.png`; needs pillow.
"""

from __future__ import annotations

import sys

from PIL import Image

WIDTH, HEIGHT = 960, 540
PLAIN, MIXED = 64, 96
"""Colours that are kept exactly since they are frequent; colours for all that lies between."""
CORNER = (120, 440)
"""Left top of the part of the district."""


def main(city: str, district: str, out: str) -> None:
    page = Image.new("RGB", (WIDTH, 2 * HEIGHT))
    page.paste(Image.open(city).convert("RGB").resize((WIDTH, HEIGHT), Image.Resampling.BOX))
    left, top = CORNER
    part = Image.open(district).convert("RGB").crop((left, top, left + WIDTH, top + HEIGHT))
    page.paste(part, (0, HEIGHT))
    page.quantize(palette=palette(page), dither=Image.Dither.NONE).save(out, optimize=True)


def palette(page: Image.Image) -> Image.Image:
    counted = sorted(page.getcolors(WIDTH * HEIGHT * 2), reverse=True)
    plain = [part for _, colour in counted[:PLAIN] for part in colour]
    mixed = page.quantize(MIXED, Image.Quantize.MAXCOVERAGE).getpalette()[: 3 * MIXED]
    found = Image.new("P", (1, 1))
    found.putpalette(plain + mixed)
    return found


if __name__ == "__main__":
    main(*sys.argv[1:])
