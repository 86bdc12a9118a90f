"""What holds for every test."""

import pytest
from threadpoolctl import threadpool_limits


@pytest.fixture(autouse=True, scope="session")
def one_thread():
    """Give BLAS one thread: tests run side by side, and threads that wait for a core spin."""
    with threadpool_limits(limits=1):
        yield
