"""How much of the table a session runs: `--tier core` (the default) or `--tier all`."""

from __future__ import annotations

from enum import Enum

import pytest

from gradients import alike
from gradients.case import Case

#: Groups that networks are made of.
NETWORKS = (
    *("linalg", "convolution", "pooling", "normalization", "layers", "recurrent", "attention"),
    *("loss", "activation"),
)
#: The dearer checks: the core runs them for some groups alone. `relaxed` has what `function` would
#: see, but of Keras's layers, whose weights cannot have unknown sizes. Kernels of 16
#: bits, and those that share their work among threads, are the networks'; `linalg/expm` and
#: `image/resize_bicubic` have code of their own for 16 bits. docs/sensitivity.md says what each has
#: caught.
SAMPLED = {
    "function": ("layers", "recurrent", "attention"),
    "bfloat16": (*NETWORKS, "elementwise", "reduction", "gather", "image"),
    "float16": tuple(group for group in NETWORKS if group != "layers"),
    "repeat": (*NETWORKS, "elementwise", "reduction", "gather", "segment"),
}
#: The dearest: for some rows alone, one of each kind of rule or kernel. What they see of one row
#: they see of all of its kind, and `second`, `relaxed` and `float32` see the others. `all` runs
#: them for every row but those that are `alike` others.
CHOSEN = {
    "forward": {
        "linalg": ("matmul", "einsum", "solve", "inv", "cholesky", "band_part", "logm", "lu"),
        "convolution": ("conv2d_same_strided", "conv2d_transpose", "depthwise_conv2d", "conv3d"),
        "pooling": ("max_pool2d", "avg_pool2d", "max_pool_with_argmax", "fractional_max_pool"),
        "normalization": ("fused_batch_norm", "local_response_normalization"),
        "layers": ("Dense", "BatchNormalization_training"),
        "attention": ("Attention",),
        "gather": (
            *("gather", "gather_nd", "embedding_lookup_sparse", "slice_unstack"),
            *("tensor_scatter_add", "concat_stack_split", "strided_slice_roll_reverse"),
        ),
        "segment": (
            *("segment_sum", "unsorted_segment_prod", "bincount_weights", "sparse_segment_sum"),
        ),
        "loss": ("softmax_cross_entropy", "sparse_softmax_cross_entropy", "l2_loss"),
        "activation": ("relu", "tanh", "sigmoid", "softmax", "elu", "softplus", "softsign"),
        "reduction": ("reduce_sum", "reduce_mean", "reduce_prod", "cumsum", "add_n"),
        "elementwise": ("arithmetic", "select", "cast"),
        "special": ("erf", "lgamma", "rsqrt", "atan2", "igamma_a", "betainc_a", "zeta_x"),
        "automatic": (
            *("custom_gradient", "stop_gradient", "straight_through_round", "recompute_grad"),
            *("stateless_dropout", "random_normal"),
        ),
    },
    "xla": {
        "convolution": (
            *("conv2d_same_strided", "depthwise_conv2d_dilated", "conv2d_grouped_float32"),
        ),
        "pooling": ("max_pool2d_overlapping", "avg_pool2d"),
        "normalization": ("fused_batch_norm",),
        "attention": ("Attention",),
        "activation": ("relu", "softmax", "gelu_exact", "softplus"),
    },
    "jacobian": {
        "attention": ("MultiHeadAttention",),
        "elementwise": ("arithmetic", "extrema", "squares", "select"),
    },
    "called": {
        "elementwise": ("arithmetic", "ranks_apart", "extrema", "squares", "select"),
    },
}
#: Rows that the core leaves out beside them: what one layer's loop shows, these show again.
REPEATED = dict.fromkeys(
    ("function", "float16", "repeat"),
    ("recurrent/Bidirectional_LSTM", "recurrent/ConvLSTM2D", "recurrent/LSTM_unrolled"),
)
KERAS = ("layers", "recurrent", "attention")
#: Checks that the core leaves out of rows whose operations other rows have (`alike`), with groups
#: that keep all: what they ask is a kernel's type or threads, or what a rule does where sizes are
#: unknown, and one row of each operation shows it. Keras's layers choose by type themselves, loops
#: are traced whole, and some functions in Python choose by sizes.
OF_OPERATIONS = {
    **dict.fromkeys(("float32", "bfloat16", "float16"), KERAS),
    "relaxed": ("flow", "fft", "sparse", "image"),
}
#: Rows that run lines of rules in a graph alone.
ALONE = {"relaxed": ("activation/silu", "linalg/eigh_vectors", "linalg/tensor_diag_part")}
#: Sweeps of which the core has no row: another sweep, or another check, has their operations.
LEFT = {
    "relaxed": ("axes/reduce_rank", "slices/brackets", "products/lstsq"),
}
#: What cannot be asked of Keras's layers: weights of unknown sizes, variables as inputs.
OF_TENSORS = {"relaxed": KERAS, "called": KERAS}
#: The groups of rows that differ in attributes alone.
ALL_SWEPT = (
    *("products", "axes", "slices", "broadcasts", "windows", "sizes", "boundaries", "forms"),
    "corners",
)
#: What is run of such rows, by group: of each row,
SWEPT = {
    "core": {"reverse": ALL_SWEPT},
    "all": {"reverse": ALL_SWEPT},
}
#: and of those that lead, besides: rules that ask for sizes, sums that are long, all orders.
LEADING = {
    "core": {
        "relaxed": ("products", "broadcasts", "forms"),
        "float32": ("products", "sizes"),
    },
    "all": {"relaxed": ALL_SWEPT, "float32": ALL_SWEPT},
}
#: and of those that show another kind of value, besides: a rule asks for an axis's sign.
FIRST = {
    "core": {"relaxed": ("axes", "slices")},
    "all": {"second": ALL_SWEPT},
}


class Tier(Enum):
    """A part of the table: every case is in either, with the checks that find most."""

    CORE = "core"
    ALL = "all"

    def has(self, case: Case, check: str) -> bool:
        """Whether this tier runs a check of a case."""
        if case.group in OF_TENSORS.get(check, ()):
            return False
        if case.swept and case.reference and check == "second":
            # Such a reference has the same derivative here, and not beside.
            return False
        if case.swept:
            return self._has_swept(case, check)
        chosen = case.name in CHOSEN.get(check, {}).get(case.group, ())
        if self is Tier.ALL:
            # Whether a row is still wrong is asked of each that is known to be.
            return chosen or self._shows(case, check) or check not in CHOSEN
        if check in CHOSEN:
            return chosen
        if case.group not in OF_OPERATIONS.get(check, (case.group,)) and not (
            self._shows(case, check) or str(case) in ALONE.get(check, ())
        ):
            return False
        sampled = case.group in SAMPLED.get(check, (case.group,))
        return sampled and str(case) not in REPEATED.get(check, ())

    @staticmethod
    def _shows(case: Case, check: str) -> bool:
        """Whether a row has an operation that no other has, or is known to be wrong."""
        return check in case.known or str(case) not in alike.left()

    def _has_swept(self, case: Case, check: str) -> bool:
        """Whether it runs a check of a row that differs from others in attributes alone."""
        wrong = check in case.known
        if self is Tier.CORE and not wrong and str(case).partition("(")[0] in LEFT.get(check, ()):
            return False
        parts = [SWEPT, *[LEADING] * (case.lead or wrong), *[FIRST] * (case.first or wrong)]
        return any(case.group in part[self.value].get(check, ()) for part in parts)


KEY = pytest.StashKey[Tier]()
