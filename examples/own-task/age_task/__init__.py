"""A package of an operator's own, outside of Holdout's tree. Settings name its modules."""
