"""What the model would say if it stopped after each of its layers."""

from attnviz.web import layers_view, page, session

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
