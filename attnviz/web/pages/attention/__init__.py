"""The page “Attention”: one head up close."""
