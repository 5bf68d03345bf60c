"""A small English-French translator of our own: one Marian-type model for both directions, with gold alignments.

Its sentences come from a controlled grammar that writes both languages at once and so knows which words belong
together. `python -m models.translator.train` makes the weights, the tokenizer, the gold examples and the card.
"""
