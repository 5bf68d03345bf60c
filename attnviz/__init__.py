"""AttnViz: exact attention of any Transformer, drawn, compared and put to the test."""
