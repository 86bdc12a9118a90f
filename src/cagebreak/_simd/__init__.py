"""Vector values for Numba kernels, in LLVM vector code that runs on any CPU."""
