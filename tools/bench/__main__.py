"""`python -m tools.bench`: measure, print the tables, and write var/bench/latest.json."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from tools.bench import databases, processes, report
from tools.bench.cases import CASES
from tools.bench.measuring import Options, measure


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="tools.bench", description="Measure the forum beside a bare handler.")
    sizes = ", ".join(f"{name}: {size.posts:,} posts" for name, size in databases.SIZES.items())
    parser.add_argument(
        "--database", action="append", choices=databases.SIZES, help=f"which databases ({sizes}); all, if left out"
    )
    parser.add_argument("--case", action="append", choices=[case.name for case in CASES], help="only these cases")
    parser.add_argument("--openings", action="store_true", help="openings of a category, too, as without --case")
    parser.add_argument("--uploads", action="store_true", help="a large file up and down, too, as without --case")
    parser.add_argument("--seconds", type=float, default=1.5, help="seconds a round (1.5)")
    parser.add_argument("--rounds", type=int, default=5, help="rounds of each of the two (5)")
    parser.add_argument("--connections", type=int, action="append", choices=range(1, 17), metavar="N", help="1 and 16")
    parser.add_argument("--starts", type=int, default=5, help="how often starting is measured (5)")
    parser.add_argument(
        "--folder", type=Path, default=databases.FOLDER, help="where the databases are kept (var/bench)"
    )
    options = parser.parse_args(arguments)
    cases = [case for case in CASES if not options.case or case.name in options.case]
    with_openings = options.openings or not options.case
    with_uploads = options.uploads or not options.case
    connections = tuple(options.connections or (1, 16))
    how = Options(options.seconds, options.rounds, connections, with_openings, with_uploads)
    folder = options.folder.resolve()
    with databases.alone(folder):
        first_start = processes.first_start_seconds() if options.starts else None
        measured = []
        for name, size in databases.SIZES.items():
            if name in (options.database or databases.SIZES):
                fitting = [case for case in cases if case.is_of_proposals == bool(size.proposals)]
                wanted = fitting if options.case or not size.for_openings else []
                measured.append(measure(name, databases.filled(name, folder), wanted, how, options.starts))
    report.Report().show(measured, first_start)
    report.write(folder / "latest.json", measured, first_start)
    return 0


if __name__ == "__main__":
    sys.exit(main())
