#!/usr/bin/env python3
"""Prints the values of FitPowerLaw.AgreesWithSciPy (power_law_test.cc): tests/cost/power_law.py"""

import numpy
import scipy.optimize

KEEP_RATIOS = numpy.array([0.1, 0.2, 0.3, 0.5, 0.8, 1.0])
LOSSES = numpy.array([0.61, 0.47, 0.41, 0.36, 0.335, 0.32])


def law(keep_ratio, floor, scale, exponent):
    return floor + scale * keep_ratio**-exponent


parameters, _ = scipy.optimize.curve_fit(
    law, KEEP_RATIOS, LOSSES, p0=[0.1, 0.1, 0.5], bounds=([0, 0, 0.01], [numpy.inf, numpy.inf, 10]),
    ftol=1e-15, xtol=1e-15, gtol=1e-15)
print("floor %.6f, scale %.6f, exponent %.6f" % tuple(parameters))
