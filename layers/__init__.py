"""The map: layers that read the picture, and the view that draws them."""

from __future__ import annotations

from layers.base import Layer, LayerInfo, load_layers
from layers.map import MapView

__all__ = ["Layer", "LayerInfo", "MapView", "load_layers"]
