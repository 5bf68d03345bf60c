"""From a map over tokens to what the heatmap shows: the figures' own axes, under the name that pages use."""

from attnviz.figures.axes import GRANULARITIES, MAX_SIDE, Axis, axis, first_axes, grouped, note, shown

__all__ = ["GRANULARITIES", "MAX_SIDE", "Axis", "axis", "first_axes", "grouped", "note", "shown"]
