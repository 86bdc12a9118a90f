"""Running a study: scheduling of its units, engines that do them, progress, cost, checks."""
