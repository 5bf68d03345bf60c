"""One message for each figure: arrays, labels and settings become the bytes that the browser modules draw."""
