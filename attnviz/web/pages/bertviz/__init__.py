"""The page “Classic BertViz”."""
