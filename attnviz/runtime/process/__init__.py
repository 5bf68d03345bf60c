"""A runtime in another process: the same questions and answers, over a socket of this machine."""
