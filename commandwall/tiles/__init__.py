"""Base maps: where their tiles come from, and the workers that fetch them unseen."""
