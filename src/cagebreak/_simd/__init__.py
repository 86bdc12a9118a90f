"""Vector values for Numba kernels: LLVM code that runs on any CPU, at its widest registers."""
