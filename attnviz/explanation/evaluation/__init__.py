"""How far an explanation can be trusted: whether it is faithful, whether others agree, what it depends on."""
