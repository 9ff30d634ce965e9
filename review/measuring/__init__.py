"""How well the panel agrees, and how much it reads: what the pages of figures show."""

from review.measuring.figures import Figures, Measure, figures_for
from review.measuring.ratings import Ratings, ratings_of_the_settled

__all__ = ["Figures", "Measure", "Ratings", "figures_for", "ratings_of_the_settled"]
