"""The page “Attribution”: which words made the result, and how far to trust that."""
