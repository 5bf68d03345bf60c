"""Small charts beside a result: records and arrays, drawn by plotly on a page and as SVG in a report."""

from attnviz.figures.charts.lines import Line, LineChart, curves_chart, layers_chart
from attnviz.figures.charts.methods import agreement_figure, methods_figure, shares_of
from attnviz.figures.charts.plotly import line_figure
from attnviz.figures.charts.svg import line_svg

__all__ = [
    "Line",
    "LineChart",
    "agreement_figure",
    "curves_chart",
    "layers_chart",
    "line_figure",
    "line_svg",
    "methods_figure",
    "shares_of",
]
