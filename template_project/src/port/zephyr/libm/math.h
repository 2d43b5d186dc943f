/* Declares what generated code calls of C99 7.12, for the model alone: Zephyr's minimal C library
 * declares a part of it, and the functions come from the compiler's libm. */
#ifndef MTVM_MATH_H_
#define MTVM_MATH_H_

#define HUGE_VAL __builtin_huge_val()
#define HUGE_VALF __builtin_huge_valf()
#define INFINITY __builtin_inff()
#define NAN __builtin_nanf("")

#define isfinite(x) __builtin_isfinite(x)
#define isinf(x) __builtin_isinf_sign(x)
#define isnan(x) __builtin_isnan(x)
#define signbit(x) __builtin_signbit(x)

#define MTVM_MATH_1(name)  \
  double name(double x);   \
  float name##f(float x);
#define MTVM_MATH_2(name)            \
  double name(double x, double y);   \
  float name##f(float x, float y);

MTVM_MATH_1(acos)
MTVM_MATH_1(acosh)
MTVM_MATH_1(asin)
MTVM_MATH_1(asinh)
MTVM_MATH_1(atan)
MTVM_MATH_1(atanh)
MTVM_MATH_1(cbrt)
MTVM_MATH_1(ceil)
MTVM_MATH_1(cos)
MTVM_MATH_1(cosh)
MTVM_MATH_1(erf)
MTVM_MATH_1(erfc)
MTVM_MATH_1(exp)
MTVM_MATH_1(exp2)
MTVM_MATH_1(expm1)
MTVM_MATH_1(fabs)
MTVM_MATH_1(floor)
MTVM_MATH_1(lgamma)
MTVM_MATH_1(log)
MTVM_MATH_1(log10)
MTVM_MATH_1(log1p)
MTVM_MATH_1(log2)
MTVM_MATH_1(nearbyint)
MTVM_MATH_1(rint)
MTVM_MATH_1(round)
MTVM_MATH_1(sin)
MTVM_MATH_1(sinh)
MTVM_MATH_1(sqrt)
MTVM_MATH_1(tan)
MTVM_MATH_1(tanh)
MTVM_MATH_1(tgamma)
MTVM_MATH_1(trunc)
MTVM_MATH_2(atan2)
MTVM_MATH_2(copysign)
MTVM_MATH_2(fdim)
MTVM_MATH_2(fmax)
MTVM_MATH_2(fmin)
MTVM_MATH_2(fmod)
MTVM_MATH_2(hypot)
MTVM_MATH_2(nextafter)
MTVM_MATH_2(pow)
MTVM_MATH_2(remainder)
double fma(double x, double y, double z);
float fmaf(float x, float y, float z);
double ldexp(double x, int exponent);
float ldexpf(float x, int exponent);

#endif
