"""What answers are made with: the models, the caches, and the one gate to the device."""
