"""Solves the mixed integer program of the first file with HiGHS. Writes to the second its least cost, and the
seconds that HiGHS takes to come within its default gap of that (a ten-thousandth). HiGHS itself prints to
standard output."""

import sys
import time
from pathlib import Path

try:
    import highspy
except ImportError:
    sys.exit("highspy is not installed")


def solve(**options):
    solver = highspy.Highs()
    solver.setOptionValue("output_flag", False)
    for name, value in options.items():
        solver.setOptionValue(name, value)
    if solver.readModel(sys.argv[1]) != highspy.HighsStatus.kOk:
        sys.exit("the program cannot be read")
    start = time.perf_counter()
    solver.run()
    seconds = time.perf_counter() - start
    if solver.getModelStatus() != highspy.HighsModelStatus.kOptimal:
        sys.exit(f"no optimum: {solver.modelStatusToString(solver.getModelStatus())}")
    return solver.getInfo().objective_function_value, seconds


_, seconds = solve()
# Costs are whole millionths, so less than one of them between bounds is none.
cost, _ = solve(mip_rel_gap=0.0, mip_abs_gap=0.5)
Path(sys.argv[2]).write_text(f"{round(cost)} {seconds}\n")
