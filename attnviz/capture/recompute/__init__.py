"""From queries and keys to weights, maps, statistics and contributions: block by block, or by fused kernels."""
