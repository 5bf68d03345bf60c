"""`python -m attnviz.runtime` prints every setting with its default, what is allowed and what it means."""

import sys

from attnviz.runtime.settings import settings_table

sys.stdout.write(settings_table() + "\n")
