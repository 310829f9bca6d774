"""The experiments of the GRH paper run again, and their results kept as they come."""
