"""The stages of a study: what a unit of work needs, does and gives back."""
