"""The scorers that are alive, as the courier has last seen them."""

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from services.gateway.tables.base import Base


class FleetRow(Base):
    """One row. `slots` are the evaluations that all scorers can run at once, `places` how many Redis is to hold."""

    __tablename__ = "fleet"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    scorers: Mapped[int]
    slots: Mapped[int]
    places: Mapped[int]
    at: Mapped[datetime]
