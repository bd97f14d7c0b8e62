#include "CSoftplus.h"

// A product and a sum rounded once would be other bits than on a machine without such a unit. GCC does not know
// the pragma; Swift's packages are compiled by its own Clang.
#ifndef __clang__
#error "compile this with Clang: another compiler may fuse products and sums, and bits would differ"
#endif
#pragma STDC FP_CONTRACT OFF

typedef double lanes __attribute__((vector_size(64), aligned(8)));
typedef long long words __attribute__((vector_size(64)));

// The same code for each width of registers. Lanes are passed to no function: how would depend on it.
#if defined(__x86_64__) && defined(__linux__)
__attribute__((target_clones("default", "avx2", "arch=x86-64-v4")))
#endif
void tellegen_softplus(const double *arguments, double *values, double *slopes, long count) {
  for (long index = 0; index < count; index += 8) {
    const lanes t = *(const lanes *)(arguments + index);
    const lanes zero = {0};
    const lanes one = zero + 1;
    const lanes limit = zero + 700;
    const lanes shift = zero + 0x1.8p52;
    const lanes magnitude = (lanes)((words)t & 0x7FFFFFFFFFFFFFFF);
    const words within = magnitude < limit;
    const lanes x = -(lanes)(((words)magnitude & within) | ((words)limit & ~within));
    const lanes shifted = x * 0x1.71547652b82fep+0 + shift;
    const lanes whole = shifted - shift;
    const lanes r = (x - whole * 0x1.62e42fef00000p-1) - whole * 0x1.473de6af278edp-34;
    const words power = (words)shifted - ((words)shift - 1023);
    const lanes scale = (lanes)(power << 52);
    const lanes r2 = r * r;
    const lanes r4 = r2 * r2;
    const lanes a = 0.5 + r * 0x1.5555555555556p-3;
    const lanes b = 0x1.5555555553d63p-5 + r * 0x1.11111111109b3p-7;
    const lanes c = 0x1.6c16c1788bd90p-10 + r * 0x1.a01a01a7c41d5p-13;
    const lanes d = 0x1.a019b90d2ae7ap-16 + r * 0x1.71de0dae63bb3p-19;
    const lanes f = 0x1.289185613a3d6p-22 + r * 0x1.af38a9b0ec855p-26;
    const lanes tail = (a + r2 * b) + r4 * ((c + r2 * d) + r4 * f);
    const lanes e = (1.0 + (r + r2 * tail)) * scale;

    const lanes s = e / (2.0 + e);
    const lanes z = s * s;
    const lanes z2 = z * z;
    const lanes z4 = z2 * z2;
    const lanes g = 0x1.5555555555555p-2 + z * 0x1.999999999a3ddp-3;
    const lanes h = 0x1.24924923d44c6p-3 + z * 0x1.c71c727143318p-4;
    const lanes i = 0x1.745cf0b0e03bdp-4 + z * 0x1.3b18b294bebf9p-4;
    const lanes j = 0x1.10ac75dc602b1p-4 + z * 0x1.eb905e8575054p-5;
    const lanes k = 0x1.687a6e7c95176p-5 + z * 0x1.4b0a26c5f2aefp-4;
    const lanes q = (g + z2 * h) + z4 * ((i + z2 * j) + z4 * k);
    const lanes twice = s + s;
    const lanes bend = twice + twice * (z * q);
    const words negative = t < zero;
    const lanes ramp = (lanes)((words)t & ~negative);
    const lanes numerator = (lanes)(((words)e & negative) | ((words)one & ~negative));
    *(lanes *)(values + index) = ramp + bend;
    *(lanes *)(slopes + index) = numerator / (one + e);
  }
}
