"""Run the experiments of the GRH paper again, and keep their results as they come."""
