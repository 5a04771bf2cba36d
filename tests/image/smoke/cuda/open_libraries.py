"""Let TensorFlow's own loader open every CUDA library, as it does when it finds a GPU.

With a GPU in the machine TensorFlow calls `MaybeTryDlopenGPULibraries`, and where one library
is missing it registers no GPU at all. Nothing in Python reaches that function without a GPU,
but `libtensorflow_framework` exports it. CUPTI and NCCL are opened later, when first used.
Its log on standard error tells what was opened.
"""

import ctypes
import sys

LOADERS = (
    "_ZN3tsl8internal9DsoLoader26MaybeTryDlopenGPULibrariesEv",
    "_ZN3tsl8internal9DsoLoader17GetCuptiDsoHandleEv",
    "_ZN3tsl8internal9DsoLoader16GetNcclDsoHandleEv",
)

framework = ctypes.CDLL(sys.argv[1])
for name in LOADERS:
    # Each returns an absl::Status or StatusOr, which the caller makes room for.
    result = ctypes.create_string_buffer(256)
    loader = getattr(framework, name)
    loader.argtypes = [ctypes.c_void_p]
    loader.restype = ctypes.c_void_p
    loader(ctypes.addressof(result))
