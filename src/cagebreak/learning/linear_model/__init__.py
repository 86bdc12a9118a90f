"""Linear models of standardized features, fitted from sufficient statistics."""
