"""The page “Report”."""
