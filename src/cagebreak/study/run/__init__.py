"""Running a study: who does which unit when, on one machine or on a cluster."""
