"""The page “Compare”: panes side by side and all heads with each other."""
