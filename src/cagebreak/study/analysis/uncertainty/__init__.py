"""How sure predictions of a study are."""
