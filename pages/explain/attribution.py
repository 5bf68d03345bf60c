"""Which words made the result: a score for each word of the text, by one of several methods."""

from attnviz.web.pages.attribution import view as attribution_view
from attnviz.web.share import take_away
from attnviz.web.shell import page
from attnviz.web.state import session

page.heading(
    "Attribution",
    "How much did each word contribute to the result? Gradients and leaving words out ask what changes it; "
    "attention and rollout say only where the model looked.",
)
state = session.state()
query = page.question(state)
if query is not None:
    with page.body(query):
        drawn = attribution_view.show(query, state)
    take_away.figure(query, state, drawn)
