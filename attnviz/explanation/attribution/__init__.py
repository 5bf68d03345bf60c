"""What each token contributed: targets make a result a scalar function of the tokens, methods spread it over them."""
