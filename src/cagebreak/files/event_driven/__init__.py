"""Files of event-driven codes of hard particles."""
