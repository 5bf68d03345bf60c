"""What was pinned on the other pages, put in order, and saved as one file."""

from attnviz.web.pages.report import view as report_view
from attnviz.web.shell import page

page.heading(
    "Report",
    "Collect the figures that make your case, say what they show, and save them as one file that anybody can open, "
    "offline, and print.",
)
report_view.show()
