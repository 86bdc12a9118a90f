"""What a simulation says about motion."""
