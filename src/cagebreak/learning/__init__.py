"""Linear learning from sufficient statistics, and its scores."""
