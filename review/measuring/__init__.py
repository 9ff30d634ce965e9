"""How well the panel agrees, and how much it reads: what the pages of figures show."""

from review.measuring.figures import Figures, Measure, figures_for
from review.measuring.ratings import Ratings, ratings_of_the_settled
from review.measuring.work import Load, Year, loads_for, years_for

__all__ = [
    "Figures",
    "Load",
    "Measure",
    "Ratings",
    "Year",
    "figures_for",
    "loads_for",
    "ratings_of_the_settled",
    "years_for",
]
