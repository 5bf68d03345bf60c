"""Which words made the result: a score for each word of the text, by one of several methods."""

from attnviz.web import attribution_view, page, session

page.heading(
    "Attribution",
    "How much did each word contribute to one result of the model? Other than attention, which shows where the "
    "model looked, these methods ask what changes the result.",
)
state = session.state()
query = page.question(state)
if query is not None:
    attribution_view.show(query, state)
