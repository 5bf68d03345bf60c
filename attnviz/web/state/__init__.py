"""What is being looked at: the state in the address, and what of it lives in the session."""
