"""Heads switched off, words of the text changed, or attention forced, and what becomes of the result."""

from attnviz.web.pages.ablation import view as ablation_view
from attnviz.web.share import take_away
from attnviz.web.shell import page
from attnviz.web.state import session

page.heading(
    "Change it and see",
    "What does the model need? Switch off heads or whole layers, take words away or swap them, or force where a token "
    "looks, and read the result before and after.",
)
state = session.state()
query = page.question(state)
if query is not None:
    with page.body(query):
        drawn = ablation_view.show(query, state)
    take_away.figure(query, state, drawn)
