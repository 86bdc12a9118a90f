import h5py
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cagebreak.errors import FileFormatError, InputError
from cagebreak.learning import Statistics
from naive import learning as naive

LABELS = np.array(
    [("radial", 0, 1.25), ("angular", 3, 2.0), ("größer", 12, np.nan)],
    dtype=[("kind", "U8"), ("l", "i4"), ("r", "f8")],
)


def rows(seed, n, n_features=3, n_targets=2):
    random = np.random.default_rng(seed)
    scale = 10.0 ** random.uniform(-6, 6, n_features)
    X = (random.normal(size=(n, n_features)) + random.uniform(-5, 5, n_features)) * scale
    Y = random.normal(size=(n, n_targets)) + 3.0
    return X, Y


def assert_equal(statistics, expected, rtol=1e-10):
    """Equal to the naive (count, mean, gram), each entry relative to its two columns' size."""
    count, mean, gram = expected
    assert statistics.count == count
    np.testing.assert_allclose(
        np.concatenate([statistics.x_mean, statistics.y_mean]), mean, rtol=1e-12, atol=1e-300
    )
    size = np.sqrt(np.diag(gram))
    size[size == 0] = 1.0
    difference = statistics.gram / np.outer(size, size) - gram / np.outer(size, size)
    assert np.abs(difference).max() < rtol


@given(
    st.integers(0, 2**32),
    st.integers(1, 7),
    st.integers(1, 4),
    st.lists(st.integers(0, 30), min_size=1, max_size=5).filter(sum),
)
@settings(max_examples=40, deadline=None)
def test_chunks_add_up_to_all_rows(seed, n_features, n_targets, sizes):
    X, Y = rows(seed, sum(sizes), n_features, n_targets)
    chunks = np.cumsum(sizes)[:-1]
    expected = naive.gram(np.hstack([X, Y]))

    added = Statistics(n_features, n_targets)
    for x, y in zip(np.split(X, chunks), np.split(Y, chunks), strict=True):
        added.add(x, y)
    assert_equal(added, expected)

    parts = [
        Statistics.from_arrays(x, y)
        for x, y in zip(np.split(X, chunks), np.split(Y, chunks), strict=True)
    ]
    assert_equal(Statistics.pooled(parts), expected)
    assert_equal(Statistics.pooled(reversed(parts)), expected)


def test_merging_is_associative_and_commutative():
    a, b, c = (Statistics.from_arrays(*rows(seed, 20 + seed)) for seed in range(3))
    left = (a + b) + c
    reference = (left.count, np.concatenate([left.x_mean, left.y_mean]), left.gram)
    assert_equal(a + (b + c), reference, 1e-13)
    assert_equal(c + (b + a), reference, 1e-13)


@given(st.integers(0, 2**32), st.integers(1, 40), st.integers(1, 40))
@settings(max_examples=25, deadline=None)
def test_leaving_out_by_subtraction_equals_never_having_added(seed, n_kept, n_left_out):
    X, Y = rows(seed, n_kept + n_left_out)
    total = Statistics.from_arrays(X, Y)
    without = total - Statistics.from_arrays(X[n_kept:], Y[n_kept:])
    # A single row has no Gram matrix to be relative to: compare relative to the total.
    expected = naive.gram(np.hstack([X[:n_kept], Y[:n_kept]]))
    assert without.count == expected[0]
    np.testing.assert_allclose(np.concatenate([without.x_mean, without.y_mean]), expected[1], 1e-10)
    size = np.sqrt(np.diag(total.gram))
    assert (np.abs(without.gram - expected[2]) / np.outer(size, size)).max() < 1e-12


def test_subtracting_everything_leaves_nothing():
    total = Statistics.from_arrays(*rows(0, 10))
    nothing = total - total
    assert nothing.count == 0
    assert not nothing.gram.any()
    assert not nothing.x_mean.any()


def test_operands_are_not_changed():
    a, b = Statistics.from_arrays(*rows(0, 10)), Statistics.from_arrays(*rows(1, 10))
    before = a.gram.copy(), a.x_mean.copy(), a.count
    a + b
    (a + b) - b
    assert (a.gram == before[0]).all()
    assert (a.x_mean == before[1]).all()
    assert a.count == before[2]


def test_large_means_cost_no_digits():
    random = np.random.default_rng(0)
    noise = random.normal(size=(500, 3))
    X, Y = noise[:, :2] + 1e7, noise[:, 2:] - 1e7
    chunked = Statistics(2, 1)
    for x, y in zip(np.split(X, 10), np.split(Y, 10), strict=True):
        chunked.add(x, y)
    _, _, expected = naive.gram(np.hstack([X, Y]) - np.array([1e7, 1e7, -1e7]))
    np.testing.assert_allclose(chunked.gram, expected, rtol=1e-8, atol=1e-5)


def test_centered_per_configuration_sums_what_is_within():
    X, Y = rows(3, 60)
    X[:20] += 10 * X.std(axis=0)  # A configuration that differs from the others as a whole.
    Z = np.hstack([X, Y])
    within = sum(naive.gram(part)[2] for part in np.split(Z, 3))
    parts = [
        Statistics.from_arrays(x, y) for x, y in zip(np.split(X, 3), np.split(Y, 3), strict=True)
    ]
    expected = (60, Z.mean(axis=0), within)
    assert_equal(Statistics.pooled(parts, center="configuration"), expected)
    added = Statistics(3, 2, center="configuration")
    for x, y in zip(np.split(X, 3), np.split(Y, 3), strict=True):
        added.add(x, y)
    assert_equal(added, expected)
    two = Statistics.pooled(parts[:2], center="configuration")
    one = Statistics.pooled(parts[2:], center="configuration")
    assert_equal(two + one, expected)
    assert_equal((two + one) - one, (40, Z[:40].mean(axis=0), two.gram))
    with pytest.raises(InputError, match="centered per configuration"):
        Statistics.pooled([two, one])
    with pytest.raises(InputError, match="center"):
        two + parts[2]


def test_selected_columns_are_those_of_the_selected_data():
    X, Y = rows(4, 30, 6, 3)
    statistics = Statistics.from_arrays(X, Y)
    selected = statistics.select(features=[4, 0, 5], targets=[2, 0])
    assert_equal(selected, naive.gram(np.hstack([X[:, [4, 0, 5]], Y[:, [2, 0]]])))
    masked = statistics.select(features=np.arange(6) > 2)
    assert_equal(masked, naive.gram(np.hstack([X[:, 3:], Y])))
    with pytest.raises(InputError, match="features"):
        statistics.select(features=[6])


def test_blocks_are_symmetric_and_complete():
    X, Y = rows(5, 300, 200, 2)
    statistics = Statistics.from_arrays(X, Y)
    centered, targets = X - X.mean(axis=0), Y - Y.mean(axis=0)
    size = np.sqrt((centered**2).sum(axis=0))
    assert (statistics.xx == statistics.xx.T).all()
    error = statistics.xx - centered.T @ centered
    assert (np.abs(error) / np.outer(size, size)).max() < 1e-12
    assert (np.abs(statistics.xy - centered.T @ targets) / size[:, None]).max() < 1e-10
    np.testing.assert_allclose(statistics.yy, targets.T @ targets, rtol=1e-10)


def test_squares_of_predictions_are_those_of_the_rows():
    random = np.random.default_rng(2)
    X, Y, w = random.normal(size=(40, 5)), random.normal(size=(40, 2)), random.normal(size=(5, 7))
    statistics = Statistics.from_arrays(X, Y)
    expected = (((X - X.mean(axis=0)) @ w) ** 2).sum(axis=0)
    np.testing.assert_allclose(statistics.squares(w), expected, rtol=1e-12)
    # The upper triangle is not read.
    statistics._gram[np.triu_indices(7, 1)] = np.nan
    np.testing.assert_allclose(statistics.squares(w), expected, rtol=1e-12)


def test_what_is_saved_is_loaded(tmp_path):
    saved = Statistics.from_arrays(*rows(6, 12), labels=LABELS)
    saved.save(tmp_path / "statistics.h5")
    loaded = Statistics.load(tmp_path / "statistics.h5")
    assert loaded.count == saved.count
    assert loaded.center == saved.center
    assert (loaded.gram == saved.gram).all()
    assert (loaded.x_mean == saved.x_mean).all()
    assert (loaded.y_mean == saved.y_mean).all()
    assert loaded.labels.dtype == LABELS.dtype
    assert loaded.labels.tobytes() == LABELS.tobytes()
    assert (loaded.select([1, 0]).labels == LABELS[[1, 0]]).all()
    assert (loaded + saved).count == 24
    assert [path.name for path in tmp_path.iterdir()] == ["statistics.h5"]


def test_a_save_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "statistics.h5"
    Statistics.from_arrays(*rows(0, 5)).save(path)
    before = path.read_bytes()

    def fail(*arguments, **keywords):
        raise OSError("disk full")

    monkeypatch.setattr(h5py.Group, "__setitem__", fail)
    with pytest.raises(OSError, match="disk full"):
        Statistics.from_arrays(*rows(1, 5)).save(path)
    assert path.read_bytes() == before
    assert [entry.name for entry in tmp_path.iterdir()] == ["statistics.h5"]


def test_other_files_are_refused(tmp_path):
    path = tmp_path / "other.h5"
    path.write_text("no HDF5")
    with pytest.raises(FileFormatError, match=r"other\.h5"):
        Statistics.load(path)
    with h5py.File(path, "w") as file:
        file["x_mean"] = [1.0]
    with pytest.raises(FileFormatError, match=r"other\.h5"):
        Statistics.load(path)


@pytest.mark.parametrize("where", ["X", "Y"])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_numbers_that_are_none_are_named(where, value):
    arrays = dict(zip("XY", rows(0, 5), strict=True))
    arrays[where][3, 1] = value
    with pytest.raises(InputError, match=f"{where}: .* row 3, column 1"):
        Statistics.from_arrays(**arrays)


def test_what_does_not_fit_is_named():
    X, Y = rows(0, 5)
    with pytest.raises(InputError, match="Y: expected 5 rows, got 4"):
        Statistics.from_arrays(X, Y[:4])
    with pytest.raises(InputError, match="X: expected shape"):
        Statistics.from_arrays(X[:, 0], Y)
    with pytest.raises(InputError, match="3 features and 2 targets, got 2 and 2"):
        Statistics.from_arrays(X, Y).add(X[:, :2], Y)
    with pytest.raises(InputError, match="features and targets"):
        Statistics.from_arrays(X, Y) + Statistics.from_arrays(X[:, :2], Y)
    with pytest.raises(InputError, match="at most 5 rows"):
        Statistics.from_arrays(X, Y) - Statistics.from_arrays(*rows(0, 6))
    with pytest.raises(InputError, match="labels"):
        Statistics.from_arrays(X, Y, LABELS[:2])
    with pytest.raises(InputError, match="same labels"):
        Statistics.from_arrays(X, Y, LABELS) + Statistics.from_arrays(X, Y, LABELS[[1, 0, 2]])
    with pytest.raises(InputError, match=r"center: .*'local'"):
        Statistics(3, 2, center="local")
    with pytest.raises(InputError, match="at least one"):
        Statistics.pooled([])


@pytest.mark.parametrize(
    "columns", [[4, 5, 6, 0, 1, 9], [3], [7, 6, 5], np.arange(40)[::2], [5, 5]]
)
def test_a_selection_is_its_rows_and_columns_of_the_gram_matrix(columns):
    X = np.random.default_rng(0).normal(size=(60, 40))
    statistics = Statistics.from_arrays(X, X[:, :2])
    kept = [*columns, 40, 41]
    expected = statistics.gram[np.ix_(kept, kept)]
    np.testing.assert_array_equal(statistics.select(columns).gram, expected)


def test_the_mirrored_half_of_the_gram_matrix_follows_every_change():
    X = np.random.default_rng(0).normal(size=(90, 150))
    first, second = (Statistics.from_arrays(rows, rows[:, :1]) for rows in (X[:50], X[50:]))
    assert first.gram[0, 1] == first.gram[1, 0]
    first.add(X[50:], X[50:, :1])
    merged = Statistics.from_arrays(X[:50], X[:50, :1])
    assert merged.gram[0, 1] == merged.gram[1, 0]
    merged = merged + second
    scaled = merged.scaled(np.linspace(1.0, 2.0, 150))
    for statistics in (first, merged, scaled, merged - second, merged.weighted(2.0)):
        np.testing.assert_array_equal(statistics.gram, statistics.gram.T)
    np.testing.assert_allclose(first.gram, merged.gram, atol=1e-12)
