"""The page “Compare”: panes side by side, all heads with each other, the finder."""
