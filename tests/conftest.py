"""What holds for every test."""

import os

# Tests run side by side, and BLAS threads that wait for a busy core spin: a fit took ten times
# as long. Set before numpy loads, and inherited by the processes that tests start.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
