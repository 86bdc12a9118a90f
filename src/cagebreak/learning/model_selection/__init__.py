"""Accuracy on configurations held out: evaluation, comparison, learning curves, transfer."""
