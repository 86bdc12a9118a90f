"""Studies at several state points, learned together."""

from cagebreak.study.pooled.models import Pooled, pooled

__all__ = ["Pooled", "pooled"]
