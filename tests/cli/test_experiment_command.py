"""The command `experiment`: from a table of tracks to predictions and figures."""

import json

import numpy as np
import pandas as pd
import pytest
from click.testing import CliRunner

from cagebreak.cli import main
from support.tracks.crowded import EDGE, crowded
from support.tracks.filmed import brownian, table_of

NOISE = 0.03
UNITS = ("--length", 10, "--interval", 0.5, "--window", f"0,{10 * EDGE},0,{10 * EDGE}")
MODEL = ("--model", "kob-andersen-2d", "--parameter", "number_density=1.5", "--parameter")
MIXTURE = (*MODEL, "composition=0.5")


def call(*arguments):
    return CliRunner().invoke(main, ["experiment", *map(str, arguments)])


@pytest.fixture(scope="module")
def films(tmp_path_factory):
    """Return a folder with a film, in pixels of a tenth of sigma, and a burst of fast frames."""
    folder = tmp_path_factory.mktemp("films")
    seen, species, kept = crowded(noise=NOISE, lost=0.05, n_frames=30)
    kept &= np.abs(np.diff(seen, axis=0)).max(axis=(0, 2)) < EDGE / 2  # not across the edge
    names = np.array(["large", "small"])[species]
    burst = brownian(2, n_frames=20, n=400, edge=EDGE, diffusion=1e-6, noise=NOISE)
    for name, table in (
        ("tracks", table_of(10 * seen, names, kept)),
        ("burst", table_of(10 * burst, names)),
    ):
        window = table.x.between(0, 10 * EDGE) & table.y.between(0, 10 * EDGE)
        table[window].to_csv(folder / f"{name}.csv", index=False)
    return folder


@pytest.fixture(scope="module")
def written(films):
    done = call(
        films / "tracks.csv", "-o", films / "out", *UNITS, *MIXTURE, "--species", "large,small",
        "--lag", 1, "--lag", 3, "--fast", films / "burst.csv", "--fast-interval", 0.001,
        "--generations", 0, "--origins", 5, "--learn", "A",
    )  # fmt: skip
    assert done.exit_code == 0, done.output
    return films / "out", done.stdout


def test_every_particle_is_predicted_unless_an_edge_cuts_it(written):
    folder, output = written
    assert "5 origins in " in output
    counts, table = (pd.read_csv(folder / f"{name}.csv") for name in ("counts", "predictions"))
    assert (counts.filled[1:] > 0).all()
    assert (counts.cut > counts.used).all()
    used = table[table.predicted.notna()]
    assert set(used.species) == {"A"}
    assert used.x.between(5, EDGE - 5).all()
    np.testing.assert_array_equal(used.groupby("frame").size(), 2 * counts.used)
    np.testing.assert_array_equal(table.groupby("frame").size(), 2 * counts.particles)
    assert used.measured.notna().all()


def test_noise_of_the_fast_film_is_taken_out(written):
    folder, output = written
    (line,) = [line for line in output.splitlines() if line.startswith("noise of a coordinate")]
    found = np.array(line.split(": ")[1].split(", "), float)
    np.testing.assert_allclose(found, NOISE**2, rtol=0.1)
    scores, functions = (pd.read_csv(folder / f"{name}.csv") for name in ("scores", "functions"))
    assert (np.diff(scores.ceiling) > 0).all()
    assert 0.5 < scores.ceiling[0] < 0.95
    # Steps of a particle are between 0.02 and 0.1 along an axis.
    step = functions[functions.lag == 1].msd / 2
    assert step.between(0.02**2, 0.1**2).all()
    provenance = json.loads((folder / "scores.json").read_text())
    assert provenance["noise"][:2] == pytest.approx(found, rel=0.01)
    options = {name: provenance[name] for name in ("lags", "fast_interval", "origins", "species")}
    assert options == {"lags": [1, 3], "fast_interval": 0.001, "origins": 5, "species": ["A"]}
    assert sorted(folder.glob("*.png")) == [folder / "map.png", folder / "scores.png"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((*MODEL, "composition=1"), "species A, as of kob_andersen_2d, got A, B"),
        (("--model", "hard-dics"), "model: expected one of .*got 'hard-dics'"),
        ((*MODEL, "packing=1"), "parameters: expected some of"),
        ((*MIXTURE, "--window", "0,160"), "window: expected edges as 0,512,0,512, got '0,160'"),
        ((*MIXTURE, "--set", "jung2023"), "descriptor_set: expected one of alkemade2022"),
        ((*MIXTURE, "--gap", -1), "gap: expected a number of frames from 0, got -1"),
        ((*MIXTURE, "--fast-interval", 1.0), "fast: expected a film with fast_interval"),
        ((*MIXTURE, "--noise", -1.0), "noise: expected"),
        ((*MIXTURE, "--seed", -1), "seed: expected"),
    ],
)
def test_what_cannot_be_used_is_one_line_and_nothing_is_written(films, tmp_path, options, message):
    done = call(
        films / "tracks.csv", "-o", tmp_path / "out", *UNITS, "--lag", 1,
        "--species", "large,small", *options,
    )  # fmt: skip
    assert done.exit_code == 2
    (line,) = [line for line in done.output.splitlines() if not line.startswith("Warning")]
    assert pd.Series([line]).str.contains(message).all(), line
    assert not (tmp_path / "out").exists()
