"""The wall and its panels: reads the picture, asks the desk, holds no truth."""
