"""The Pydantic base of everything that enters or leaves a process: strict, frozen, nothing unknown."""

from pydantic import BaseModel, ConfigDict


class Model(BaseModel):
    """Strict types (no `"1"` for 1, no true for 1), frozen, unknown fields refused, no NaN or infinity."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, allow_inf_nan=False)
