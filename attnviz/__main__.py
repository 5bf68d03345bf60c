"""`python -m attnviz check MODEL`: whether the capture of a model is right, or why the model cannot be used."""

from __future__ import annotations

import argparse
import sys

import attnviz


def main(arguments: list[str] | None = None) -> int:
    """0: right; 1: wrong; 2: refused, or nothing to compare with; the reason is printed."""
    parser = argparse.ArgumentParser(
        prog="python -m attnviz", description="Exact attention of any Transformer."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    check = commands.add_parser("check", help="compare a model's capture with transformers' eager attention")
    check.add_argument("model", help="catalogue name, directory or Hub id")
    check.add_argument("--device", default="auto", help="auto, cpu, cuda, cuda:N or mps")
    check.add_argument("--dtype", default="auto", help="auto, float32, bfloat16, float16 or float64")
    given = parser.parse_args(arguments)
    try:
        found = attnviz.check(attnviz.load(given.model, device=given.device, dtype=given.dtype))
    except attnviz.AttnVizError as error:
        sys.stderr.write(f"{given.model}: refused. {error}\n")
        return 2
    sys.stdout.write(f"{found}\n")
    return {True: 0, False: 1, None: 2}[found.passed]


if __name__ == "__main__":
    sys.exit(main())
