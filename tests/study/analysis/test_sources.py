"""What tables and figures are made from is what was there when it was looked at."""

import shutil

from cagebreak.study.analysis.sources import Sources
from cagebreak.study.stages.stages import open_store


def test_a_unit_that_changes_meanwhile_is_no_source(study, tmp_path):
    recipe = study.recipe
    shutil.copy(recipe.path, tmp_path / "hs.toml")
    kept = shutil.ignore_patterns("run", "tables", "figures", "fits", ".lock")
    shutil.copytree(study.store.folder, tmp_path / "hs", ignore=kept)
    store = open_store(type(recipe).read(tmp_path / "hs.toml"))
    sources = Sources(recipe, store)
    name = "alkemade2022.mean_propensity"
    before = sources.of_figure(name, None), sources.of_table("propensity")
    assert before == (
        Sources(recipe, store).of_figure(name, None),
        Sources(recipe, store).of_table("propensity"),
    )
    (store.folder / "propensity" / "0001.h5").unlink()
    assert (sources.of_figure(name, None), sources.of_table("propensity")) == before
    later = Sources(recipe, store)
    assert later.of_figure(name, None) != before[0]
    assert later.of_table("propensity") != before[1]
