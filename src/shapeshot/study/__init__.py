"""Studies: many trainings that differ in what is asked about and in nothing else, and what follows from them."""
