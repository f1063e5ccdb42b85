"""Training: a recipe, a schedule, a solver, a run folder, and the road through them."""
