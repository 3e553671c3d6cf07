"""What a manifest may say: of the whole, and of each model."""

import re
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, WithJsonSchema

from shared.challenge import Numbering
from shared.digests import Digest
from shared.model import Model

MOST_DIGITS = 20
"""Of a number, before its point and behind it."""

NUMBER = rf"-?[0-9]{{1,{MOST_DIGITS}}}(\.[0-9]{{1,{MOST_DIGITS}}})?"


def _storable(text: str) -> str:
    if "\0" in text:
        raise ValueError("it holds a character that cannot be kept (NUL)")
    return text


def _written(value: Any) -> str:
    """A number as it is written: its decimals say how exact a claim is."""
    # Before it is written out: a few bytes, `1e999999999`, can be a gigabyte of digits.
    written_out = format(value, "f") if isinstance(value, Decimal) and _is_short(value) else str(value)
    if isinstance(value, bool) or not re.fullmatch(NUMBER, written_out):
        raise ValueError(f"it should be a number, of up to {MOST_DIGITS} digits before and after the point")
    return written_out


def _is_short(value: Decimal) -> bool:
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -MOST_DIGITS and value.adjusted() < MOST_DIGITS


def _not_negative(text: str) -> str:
    if text.startswith("-"):
        raise ValueError("it should not be negative")
    return text


Text = Annotated[str, AfterValidator(_storable)]
Name = Annotated[str, StringConstraints(strip_whitespace=True), AfterValidator(_storable)]
Written = Annotated[
    str,
    BeforeValidator(_written),
    WithJsonSchema({"anyOf": [{"type": "number"}, {"type": "string", "pattern": f"^{NUMBER}$"}]}),
]
"""A JSON number, or the same in quotes, where a program would drop the last zero of 0.0620."""

Metric = Annotated[str, StringConstraints(pattern=r"^[a-z0-9_]{1,80}$")]


class ManifestHead(Model):
    """What is said of all models together."""

    challenge: Text = Field(max_length=100, examples=["ilsvrc2012"])
    task: Text = Field(max_length=100, examples=["classification"])
    split: Text = Field(max_length=100, examples=["validation"])
    labels: Numbering = Field(default="ilsvrc", description="how files name categories, where a model does not say it")
    tolerance: Annotated[Written, AfterValidator(_not_negative)] | None = Field(
        default=None,
        examples=[0.0001],
        description="how far a score may be from a claim, beyond the claim's own rounding",
    )


class ModelRequest(Model):
    """One model: what it is called, and its predictions, inline or announced by their digest."""

    name: Name = Field(min_length=1, max_length=120, examples=["resnet50"])
    revision: Name | None = Field(
        default=None,
        min_length=1,
        max_length=70,
        pattern=r"^[^@]+$",
        examples=["IMAGENET1K_V2"],
        description="without @, which stands before it in the submission's method: `resnet50@IMAGENET1K_V2`",
    )
    labels: Numbering | None = Field(default=None, description="how its file names categories; else the manifest's")
    description: Text = Field(default="", max_length=2000, examples=["torchvision 0.22, centre crop."])
    track: Literal["provided", "external"] = Field(default="provided", description="training data")
    publish: bool = Field(default=False, description="put it on the board once it is scored")
    participate: bool = Field(default=True, description="false: on the board, but not in the contest")
    claimed: dict[Metric, Written] = Field(
        default={},
        max_length=50,
        examples=[{"top_5_error": 0.0618}],
        description="metric → what the author reports; a fraction, with the decimals that it is meant with",
    )
    predictions: Any = Field(
        default=None, description="inline, in the form of the task as submitting takes them; else `sha256` and `bytes`"
    )
    sha256: Digest | None = Field(
        default=None,
        examples=["9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08"],
        description="of the file's decompressed bytes, or of the file as it is sent",
    )
    bytes: int | None = Field(default=None, ge=1, le=2**63 - 1, examples=[974162], description="how many those are")
    file: Text | None = Field(
        default=None, min_length=1, max_length=255, examples=["resnet50.txt"], description="names its part of a form"
    )
