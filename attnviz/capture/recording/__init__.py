"""Records what a forward pass attends to: the registered attention function, the tap of tensor functions, the sites."""
