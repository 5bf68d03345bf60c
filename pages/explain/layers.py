"""What the model would say if it stopped after each of its layers."""

from attnviz.web.pages.layers import view as layers_view
from attnviz.web.shell import page
from attnviz.web.state import session

page.heading(
    "Layer by layer",
    "What would the model say if it stopped after each of its layers? See where its answer comes about, and which "
    "layer makes it.",
)
state = session.state()
query = page.question(state)
if query is not None:
    with page.body(query):
        layers_view.show(query, state)
