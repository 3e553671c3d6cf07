"""Reading hostile and friendly bytes."""
