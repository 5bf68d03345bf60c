"""The catalogue of models, and small ones of our own, each with what made it."""
