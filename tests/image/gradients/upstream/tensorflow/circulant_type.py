"""The adjoint, inverse and product of LinearOperatorCirculant forget its type.

`_linop_adjoint`, `_linop_inverse`, `_linop_matmul` and `_linop_solve` do not hand on
`input_output_dtype`, whose default is complex64. So what is made of an operator of float64 has half
of the digits, and refuses the tensors that the operator takes.

A mend: hand it on. Until then: make the operator anew, of the conjugate spectrum.

It prints:

    found    complex64
    expected float64
    remedy   float64
"""

import tensorflow as tf

spectrum = tf.constant([4.0, 1.0 + 1.0j, 1.0 - 1.0j], "complex128")
operator = tf.linalg.LinearOperatorCirculant(spectrum, "float64")
anew = tf.linalg.LinearOperatorCirculant(tf.math.conj(spectrum), "float64")
print("found   ", operator.adjoint().dtype.name)
print("expected", operator.dtype.name)
print("remedy  ", anew.dtype.name)
