"""Why the model said so: what each token contributed to a target, by several methods that declare what they are.

In flow a model and its texts; out flows an `Attribution`. A target turns (model, texts) into a scalar function of
the tokens (`problem.Problem`); a method spreads that scalar over the tokens. Neither knows of the other.
"""

from attnviz.explain.records import MethodInfo, TargetInfo
from attnviz.explain.run import explain, methods, targets, targets_for

__all__ = ["MethodInfo", "TargetInfo", "explain", "methods", "targets", "targets_for"]
