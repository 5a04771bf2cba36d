"""Special functions, away from their poles."""

from __future__ import annotations

import tensorflow as tf

from gradients import gaps
from gradients.case import Case
from gradients.inputs import normal, positive, uniform


def like(values: list[float], x: tf.Tensor) -> tf.Tensor:
    """Return constants of a tensor's type."""
    return tf.constant(values, x.dtype)


A, B, X = [1.5, 2.0, 0.7, 3.0], [1.0, 2.0, 1.7, 3.0], [0.5, 0.2, 0.7, 0.3]

CASES = (
    Case("erf", [normal(4)], tf.math.erf),
    Case("erfc", [normal(4)], tf.math.erfc),
    Case(
        "erfinv",
        [uniform(-0.8, 0.8, 4)],
        tf.math.erfinv,
        known=gaps.NO_HALF,
    ),
    Case(
        "erfcinv",
        [uniform(0.2, 1.8, 4)],
        tf.math.erfcinv,
        known=gaps.NO_HALF,
    ),
    Case(
        "lgamma",
        [positive(4)],
        tf.math.lgamma,
        known=gaps.NO_BFLOAT16,
    ),
    Case(
        "digamma",
        [positive(4)],
        tf.math.digamma,
        known=gaps.NO_HALF,
    ),
    Case(
        "bessel_i0e",
        [normal(4)],
        tf.math.bessel_i0e,
        known=gaps.NO_BFLOAT16,
    ),
    Case(
        "bessel_i1e",
        [normal(4)],
        tf.math.bessel_i1e,
        known=gaps.NO_BFLOAT16,
    ),
    Case("log1p", [positive(4)], tf.math.log1p),
    Case("expm1", [normal(4)], tf.math.expm1),
    Case("rsqrt", [positive(4)], tf.math.rsqrt),
    Case("asinh", [normal(4)], tf.math.asinh),
    Case("atanh", [uniform(-0.8, 0.8, 4)], tf.math.atanh),
    Case("acosh", [uniform(1.2, 3.0, 4)], tf.math.acosh),
    Case(
        "ndtri",
        [uniform(0.1, 0.9, 4)],
        tf.math.ndtri,
        known=gaps.NO_HALF,
    ),
    Case("pow", [positive(4), positive(4)], tf.pow),
    Case("atan2", [positive(4), positive(4)], tf.atan2),
    Case(
        "xlogy_xlog1py",
        [positive(4), positive(4)],
        lambda a, b: tf.stack([tf.math.xlogy(a, b), tf.math.xlog1py(a, b)]),
    ),
    Case("xdivy", [positive(4), positive(4)], tf.math.xdivy),
    Case(
        "igamma_x",
        [positive(4)],
        lambda x: tf.math.igamma(like(A, x), x),
        known=gaps.NO_HALF,
    ),
    Case(
        "igamma_a",
        [positive(4)],
        lambda a: tf.math.igamma(a, like(A, a)),
        known=gaps.NO_HALF | gaps.no_second("IgammaGradA", "second"),
    ),
    Case(
        "igammac_x",
        [positive(4)],
        lambda x: tf.math.igammac(like(A, x), x),
        known=gaps.NO_HALF,
    ),
    Case(
        "betainc_x",
        [uniform(0.2, 0.8, 4)],
        lambda x: tf.math.betainc(like(A, x), like(B, x), x),
        known=gaps.NO_HALF,
    ),
    Case(
        "betainc_a",
        [positive(4)],
        lambda a: tf.math.betainc(a, like(B, a), like(X, a)),
        known=gaps.NO_HALF | gaps.BETAINC_A,
    ),
    Case(
        "polygamma",
        [uniform(1.5, 3.0, 4)],
        lambda x: tf.math.polygamma(tf.ones_like(x), x),
        known=gaps.NO_HALF,
    ),
    Case(
        "zeta_q",
        [uniform(1.5, 3.0, 4)],
        lambda q: tf.math.zeta(2 * tf.ones_like(q), q),
        known=gaps.NO_HALF,
    ),
    Case(
        "zeta_x",
        [uniform(2.5, 4.0, 4)],
        lambda x: tf.math.zeta(x, 2 * tf.ones_like(x)),
        known=gaps.NO_HALF | gaps.ZETA_X,
    ),
    Case(
        "bessel_i_and_k",
        [positive(4)],
        lambda x: tf.stack(
            [
                tf.math.special.bessel_i0(x),
                tf.math.special.bessel_i1(x),
                tf.math.special.bessel_k0(x),
                tf.math.special.bessel_k1(x),
                tf.math.special.bessel_k0e(x),
                tf.math.special.bessel_k1e(x),
            ]
        ),
        known=gaps.NO_BFLOAT16 | gaps.not_compiled("BesselI0"),
    ),
    Case(
        "bessel_j_and_y",
        [positive(4)],
        lambda x: tf.stack(
            [
                tf.math.special.bessel_j0(x),
                tf.math.special.bessel_j1(x),
                tf.math.special.bessel_y0(x),
                tf.math.special.bessel_y1(x),
            ]
        ),
        known=gaps.NO_BFLOAT16 | gaps.not_compiled("BesselJ0"),
    ),
    Case(
        "dawsn_expint_fresnel_spence",
        [positive(4)],
        lambda x: tf.stack(
            [
                tf.math.special.dawsn(x),
                tf.math.special.expint(x),
                tf.math.special.fresnel_sin(x),
                tf.math.special.fresnel_cos(x),
                tf.math.special.spence(x),
            ]
        ),
        known=gaps.NO_HALF | gaps.not_compiled("Dawsn"),
    ),
)
