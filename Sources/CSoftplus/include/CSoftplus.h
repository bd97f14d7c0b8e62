#ifndef CSOFTPLUS_H
#define CSOFTPLUS_H

/// The soft ramp ln(1 + e^t) and its slope 1 / (1 + e^-t) of many numbers.
///
/// Every number has the bits that `Elementary.softplus` gives, on every machine: only IEEE addition,
/// subtraction, multiplication and division, in its order and without contraction. It is in C because
/// the widest registers that the processor at hand has are chosen when the program starts.
///
/// `count`: how many, a multiple of 8.
void tellegen_softplus(const double *arguments, double *values, double *slopes, long count);

#endif
