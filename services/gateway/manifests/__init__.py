"""Manifests of batches: read with their places, judged model by model, and what models claim. Pure."""
