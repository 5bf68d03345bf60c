"""The page “Change it and see”: heads off, words away, rows forced."""
