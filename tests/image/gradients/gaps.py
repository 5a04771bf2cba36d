"""What TensorFlow is known to get wrong or to lack: the expected failures, by their reason.

Each function or constant gives records by check, to be joined with `|` in a case's row. A record
whose check starts to pass fails the suite until it goes.
"""

from __future__ import annotations

from collections.abc import Mapping

from gradients.case import CHECKS, Known

Records = Mapping[str, Known]
TENSORFLOW = "https://github.com/tensorflow/tensorflow/issues/"
#: What TensorFlow says where a device has no kernel for a type, or an operation does not take it.
NO_KERNEL = (
    r"Could not find device for node|Could not satisfy device specification"
    r"|is not in the list of allowed values"
    r"|have incorrect types|requires tf\.float32 or tf\.float64 inputs"
    r"|does not support matrices of type|not inexact|not compatible with finfo"
    r"|requested dtype float32 for Tensor with dtype b?float16|cannot compute .* as input #0"
)


def records(known: Known, *checks: str) -> Records:
    """Return one record for several checks."""
    return dict.fromkeys(checks, known)


def no_gradient(operation: str, issue: int = 0) -> Records:
    """Say that an operation has no gradient: every check asks for it."""
    known = Known(
        f"{operation} has no gradient",
        rf"no entry for: {operation}\b|No gradient defined for operation.*\(op type: {operation}\)",
        _url(issue),
    )
    return dict.fromkeys(CHECKS, known)


def no_second(operation: str, *checks: str, issue: int = 0) -> Records:
    """Say that a gradient's operation has none itself: forward mode needs that, too."""
    known = Known(
        f"{operation} has no gradient of its own",
        rf"no entry for: {operation}\b|Gradient for {operation} is not implemented",
        _url(issue),
    )
    return dict.fromkeys(checks or ("forward", "second"), known)


def not_compiled(operation: str, issue: int = 0) -> Records:
    """Say that XLA has no such operation on a CPU."""
    known = Known(
        f"XLA compiles no {operation} on a CPU",
        rf"unsupported operations.*\b{operation}\b",
        _url(issue),
    )
    return {"xla": known}


def no_kernel(*dtypes: str) -> Records:
    """Say that narrow types have no kernel; both where none is named."""
    return {
        dtype: Known(f"no {dtype} kernel on a CPU", NO_KERNEL)
        for dtype in dtypes or ("bfloat16", "float16")
    }


def _url(issue: int) -> str:
    return f"{TENSORFLOW}{issue}" if issue else ""


#: No kernel for one of the 16-bit types, or for either.
NO_BFLOAT16, NO_FLOAT16, NO_HALF = no_kernel("bfloat16"), no_kernel("float16"), no_kernel()

# Silently wrong

MOMENTS = records(
    Known(
        "tf.nn.moments stops the gradient of the mean inside the variance: its Hessian is wrong, "
        "though symmetric"
    ),
    "second",
)
CUMPROD_WITH_ZERO = records(
    Known(
        "cumprod's gradient divides by the input, and is 0 behind a zero",
        issue=_url(119430),
    ),
    "reverse",
    "second",
)
REDUCE_PROD_WITH_ZERO = records(
    Known("the second derivative of reduce_prod is wrong where an input is 0", issue=_url(61117)),
    "second",
)
LABELS_OF_CROSS_ENTROPY = records(
    Known(
        "the gradient of softmax cross-entropy in the logits forgets that it depends on the labels",
        issue=_url(26495),
    ),
    "second",
)
EMPTY_SEGMENT = records(
    Known(
        "derivatives of the gradient are not a number where a segment is empty", issue=_url(127233)
    ),
    "forward",
    "second",
)
EMPTY_SEGMENT_EXTREMUM = records(
    Known(
        "derivatives of the gradient are not a number where a segment is empty", issue=_url(57002)
    ),
    "forward",
    "second",
)
SPARSE_ADD = records(
    Known("sparse.add's gradient has no gradient, and says nothing"), "forward", "second"
)
BICUBIC_HALF = records(
    Known("resize_bicubic in 16 bits has no gradient, and says nothing"), "bfloat16", "float16"
)
RESIZED_TWICE = records(
    Known("resize_bilinear's gradient has no gradient, and says nothing"),
    "forward",
    "second",
)
RESIZED_IN_XLA = records(
    Known("XLA's gradient of resize_bilinear is right in float32 alone", wavers=True), "xla"
)
ZETA_X = records(Known("zeta has no gradient in x, and says nothing", issue=_url(60041)), "reverse")
BETAINC_A = records(Known("betainc has no gradient in a, and says nothing"), "reverse")
CTC_SECOND = records(Known("the second derivative of the CTC loss is not a number"), "second")
GROUPED_JACOBIAN = records(
    Known("pfor's vectorised gradient of a grouped convolution is wrong"), "jacobian"
)
FAKE_QUANT_TWICE = records(
    Known("fake quantization's gradient has no gradient, and says nothing"), "forward", "second"
)
NOISE_IN_XLA = records(
    Known("stateless random numbers are others under XLA, but for philox", issue=_url(121243)),
    "xla",
)
NOISE_OF_A_TYPE = records(
    Known("stateless dropout draws other numbers in each type"), "float32", "bfloat16", "float16"
)

SQUARED_DIFFERENCE = records(
    Known(
        "the gradient of squared_difference in complex numbers, which is real, takes the imaginary "
        "part of what flows in along"
    ),
    "reverse",
)
CUMPROD_COMPLEX = records(
    Known("the gradient of cumprod in complex numbers lacks a conjugate"), "reverse", "second"
)
PROD_COMPLEX = records(
    Known("reduce_prod's second derivative in complex numbers lacks cumprod's conjugate"), "second"
)
SVD_COMPLEX = records(
    Known(
        "the gradient of complex singular vectors has an imaginary part flow into singular values"
    ),
    "second",
)
DET_COMPLEX = records(
    Known("the gradient of a complex determinant lacks a conjugate", issue=_url(49946)),
    "reverse",
    "second",
)
TRIDIAGONAL_COMPLEX = records(
    Known("the gradient of tridiagonal_solve in complex numbers lacks its conjugates"),
    "reverse",
    "second",
)
SCAN_TWICE = records(
    Known(
        "the second derivative of cumulative_logsumexp is not a number",
        issue=_url(127243),
    ),
    "second",
)
XLOGY_COMPLEX = records(
    Known(
        "the gradient of xlogy and xdivy in complex numbers lacks a conjugate",
        issue="https://github.com/tensorflow/tensorflow/pull/127713",
    ),
    "reverse",
    "second",
)
POWER_0 = records(
    Known("the gradient of x**0 is 0 times infinity where x is 0", issue=_url(35011)),
    *CHECKS,
)
WEIGHTED_ENTROPY_0 = records(
    Known("where a logit is 0 the weighted cross entropy has the gradients of two kinks: 0"),
    "reverse",
    "float32",
)
NEWER_LSTM = records(
    Known("the gradient of BlockLSTMV2 is that of BlockLSTM, whose gates stand in another order"),
    "reverse",
    "float32",
)

# Raises

STATIC_SHAPES = records(
    Known(
        "no gradient, or no function, where sizes are unknown",
        "QrGrad not implemented with dynamic shapes"
        "|SVD gradient has not been implemented for input with unknown inner matrix shape"
        "|[Cc]annot convert a partially known TensorShape|None values not supported"
        r"|unsupported operand type\(s\) for \*: 'NoneType' and 'NoneType'"
        "|input must have last dimension >= k = 2 but was -1"
        r"|'<' not supported between instances of 'NoneType'|got \(None, None\) of type 'tuple'",
    ),
    "relaxed",
)
UNKNOWN_DIAGONALS = records(
    Known(
        "several diagonals are taken for one where sizes are unknown",
        "Shapes must be equal rank|doesn't match the number of diagonals implied",
        _url(38280),
    ),
    "relaxed",
)
CTC_CALLED = records(
    Known(
        "the gradient of the CTC loss, called from outside its function, needs a loop's gradient "
        "of a gradient that is not there",
        "No gradient defined for operation.*SymbolicGradient",
    ),
    "called",
)

DILATED = records(
    Known(
        "a CPU has no gradient of a dilated Conv2D but oneDNN's in float32",
        "do not yet support dilation rates larger than 1",
        _url(28264),
    ),
    *CHECKS,
)
GROUPED = records(
    Known(
        "a CPU has no gradient of a grouped Conv2D but oneDNN's in float32",
        "Gradients for grouped convolutions are not supported on CPU|filter_size does not have",
        "https://github.com/keras-team/keras/issues/14896",
    ),
    *CHECKS,
)
#: Whether oneDNN has a 16-bit type, the CPU's instructions decide.
CONVOLUTION_HALF = {
    dtype: Known(
        "oneDNN has no such convolution in 16 bits on this CPU, nor has TensorFlow its gradient",
        "do not yet support dilation rates larger than 1"
        "|Gradients for grouped convolutions are not supported on CPU",
        always=False,
    )
    for dtype in ("bfloat16", "float16")
}
PADDED_JACOBIAN = records(
    Known(
        "pfor drops a convolution's explicit padding", "explicit_paddings attribute must contain"
    ),
    "jacobian",
)
UNBOUNDED_LOOP = records(
    Known(
        "XLA compiles no gradient of a loop without maximum_iterations",
        "requires a fixed tensor list size",
        _url(77693),
    ),
    "xla",
)
PIVOTING = records(
    Known("XLA's tridiagonal solver does not pivot", "does not yet support pivoting"), "xla"
)
EIG_HALF = records(
    Known(
        "eigvals knows no 16-bit type, and says so by accident",
        "UnboundLocalError.*out_dtype",
        _url(61827),
    ),
    "bfloat16",
    "float16",
)
ORTHOGONAL_BFLOAT16 = records(
    Known(
        "Keras builds no recurrent layer: its orthogonal initializer needs a QR decomposition",
        "not in the list of allowed values.*Op<name=Qr",
    ),
    "bfloat16",
)
SLICES_FORWARD = records(
    Known(
        "forward mode does not know IndexedSlices",
        "'IndexedSlices' object has no attribute",
        _url(43449),
    ),
    "forward",
)
PADDED_TWICE = records(
    Known(
        "the gradient of a pool with paddings of its own has none: MaxPoolGradGrad knows SAME and "
        "VALID alone",
        r'"EXPLICIT" is not in the list[\s\S]*MaxPoolGradGrad',
    ),
    "second",
)
RECOMPUTED_TWICE = records(
    Known(
        "recompute_grad refuses forward mode, and to transpose its gradient",
        "recompute_grad tried to transpose grad",
    ),
    "forward",
    "second",
)
FLOAT32_CROPS = records(
    Known("crop_and_resize returns float32 whatever it takes", "conversion requested dtype"),
    "float16",
)
STRIDED_UPDATE = records(
    Known("XLA updates no slice with strides", "Strides != 1 or -1 are not yet implemented"), "xla"
)
SPARSE_MAXIMUM = records(
    Known(
        "sparse.maximum's gradient takes one argument less than it is given",
        r"_SparseSparseMaximumGrad\(\) takes 2 positional arguments but 3 were given",
        _url(61132),
    ),
    *CHECKS,
)
SEGMENT_PROD_WITH_ZERO = records(
    Known("the second derivative of a segment's product is wrong, or NaN, where inputs are 0"),
    "second",
)
TOP_K_64 = records(
    Known(
        "the gradient of top_k takes indices of 32 bits alone",
        "cannot compute AddV2 as input #1|Input 'y' of 'AddV2' Op has type int32",
        _url(61701),
    ),
    *("reverse", "second", "relaxed", "float32"),
)
AXES_64 = records(
    Known(
        "a gradient takes axes of 32 bits alone where sizes are unknown",
        "Tensors in list passed to 'indices' of 'DynamicStitch' Op have types"
        "|Input 'y' of 'FloorMod' Op has type int32",
    ),
    "relaxed",
)
SHORTER_FFT = records(
    Known(
        "the gradient of a real Fourier transform forgets that the input is cut to a length",
        r"Incompatible shapes: \[",
        "https://github.com/tensorflow/tensorflow/pull/108479",
    ),
    *("reverse", "second", "relaxed", "float32"),
)
ONE_INDEX = records(
    Known(
        "gather_nd at one index, a vector: its gradient has an update for each number of a row",
        r"Dimensions \[0,1\) of indices\[shape=\[1\]\] = 1 must match dimensions",
        _url(56628),
    ),
    *("reverse", "second", "relaxed", "float32"),
)

# On a GPU

CUDNN_RECURRENT = (
    no_second("CudnnRNNBackpropV3")
    | records(Known("XLA compiles no CudnnRNNV3", r"unsupported operations.*\bCudnnRNNV3\b"), "xla")
    | records(
        Known("the vectorised Jacobian of cuDNN's LSTM and GRU is not what its rows are"),
        "jacobian",
    )
)
WEIGHTED_COUNTS = records(
    Known("a GPU counts without weights alone", "Weights are not yet supported by the GPU"),
    "float32",
)
SELU_CONSTANTS = records(
    Known("a GPU's selu has float32's constants in float64, too, where XLA has its own"), "xla"
)
