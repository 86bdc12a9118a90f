"""What a fit says of the physics: selection, ablation, collinearity, pair functions."""
