"""The page of pictures: where a patch looks, and what made the label."""
