"""What a page has drawn, and what a reader can do with it: save, copy, pin."""
