"""A study of particles with a diameter each, from a recipe to scores."""

import numpy as np

import cagebreak as cb
from cagebreak.study.recipe import schema
from cagebreak.study.recipe.writing import text


def test_a_study_with_swaps_and_sizes(tmp_path):
    values = schema.defaults("soft_spheres", small=True)
    values["preparation"] |= {
        "n_configurations": 3,
        "n_particles": 100,
        "steps": (
            {"ensemble": "NVT", "time": 5.0, "swaps": 2.0},
            {"ensemble": "NVE", "time": 1.0},
        ),
    }
    values["isoconfigurational"] |= {"n_runs": 2, "last": 1.0, "n_times": 4}
    values["descriptors"]["generations"] = 1
    alphas = (1.0, 1e3)
    values["learning"] |= {"outer_folds": 3, "inner_folds": 2, "bootstrap": 100, "alphas": alphas}
    values["states"]["cage"] = {"sweeps": (50, 200)}
    values["descriptors"]["recommended"] = True
    chosen = ("LR0", "LR1 + size", "dr IS", "dr CS", "F")
    drawn = schema.defaults("soft_spheres")["learning"]["selections"]
    values["learning"]["selections"] = {name: drawn[name] for name in chosen}
    (tmp_path / "soft.toml").write_text(text(values))
    study = cb.Study(tmp_path / "soft.toml")
    study.run("serial", progress=False)
    start = study.configuration(0)
    assert np.sort(start.diameters).tolist() == study.recipe.model.sizes.quantiles(100).tolist()
    other = study.configuration(1).diameters
    assert (other != start.diameters).any()
    assert set(chosen) == set(study.fit().table.features)
    assert np.isfinite(study.propensity(0).mean).all()
    assert np.isfinite(study.features(0).values).all()
    assert "sampled" in study.features(0).labels.state  # of the recommended set
    assert study.verify(4, seed=1).sound
