"""What becomes of a result when heads, rows of attention or words are changed, and how it forms layer by layer."""
