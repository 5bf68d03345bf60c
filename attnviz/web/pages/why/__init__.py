"""The page “Why there?”: one attention score, and what wrote it."""
