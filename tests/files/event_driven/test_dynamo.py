"""Configurations of DynamO."""

import bz2
import re

import numpy as np
import pytest

import cagebreak as cb
from cagebreak.errors import FileFormatError
from cagebreak.files import read_frames
from support.eight_particles import assert_is_they, rows

PARTICLE = '<Pt ID="{id}"><P x="{x}" y="{y}" z="{z}"/><V x="1" y="0" z="{id}"/></Pt>'
SPECIES = """<Genus>
<Species Mass="1" Name="{}" Type="Point"><IDRange Type="Ranged" Start="1" End="5"/></Species>
<Species Mass="1" Name="{}" Type="Point"><IDRange Type="Ranged" Start="6" End="8"/></Species>
</Genus>"""


LETTERS = SPECIES.format("A", "B")


def xml(species=LETTERS, boundary="PBC", particles=None, before=""):
    particles = rows(PARTICLE) if particles is None else particles
    return (
        f'<?xml version="1.0"?>\n{before}<DynamOconfig version="1.5.0">\n<Simulation>\n'
        f'<SimulationSize x="3" y="3" z="3"/>\n{species}\n<BC Type="{boundary}"/>\n'
        f"</Simulation>\n<ParticleData>\n{particles}</ParticleData>\n</DynamOconfig>\n"
    )


def poly(sizes=("D",), species=LETTERS):
    """Particles with a property D, from 0.91 to 0.98, that the interactions name."""
    interactions = "".join(
        f'<Interaction Type="HardSphere" Diameter="{name}" Elasticity="1" Name="{name}"/>'
        for name in sizes
    )
    particles = rows(PARTICLE.replace("<Pt", '<Pt D="0.9{id}" M="1"'))
    text = xml(f"{species}<Interactions>{interactions}</Interactions>", particles=particles)
    properties = '<Properties><Property Type="PerParticle" Name="D" Units="L"/></Properties>'
    return text.replace("<ParticleData>", f"{properties}<ParticleData>")


def moved(vector):
    """The second particle has a vector of the first besides its own, so that all have as many."""
    first, second, *others = rows(PARTICLE).splitlines()
    part = re.search(f"<{vector} [^>]*/>", first)[0]
    lines = [first.replace(part, ""), second.replace("</Pt>", f"{part}</Pt>"), *others]
    return xml(particles="\n".join(lines) + "\n")


@pytest.mark.parametrize("names", [("A", "B"), ("Large", "Small"), ("Small", "Large")])
def test_dynamo(tmp_path, names):
    path = tmp_path / "config.xml.bz2"
    path.write_bytes(bz2.compress(xml(SPECIES.format(*names)).encode()))
    (frame,) = read_frames(path)
    assert_is_they(frame.configuration)
    assert frame.configuration.images is None
    assert frame.species_names == names
    assert frame.ids.tolist() == list(range(1, 9))
    assert frame.configuration.velocities[:, 2].tolist() == frame.ids.tolist()


def test_letters_keep_their_names(tmp_path):
    path = tmp_path / "c.xml"
    path.write_text(xml(SPECIES.format("B", "A")))
    assert cb.read(path).species.tolist() == [1] * 5 + [0] * 3


def test_particles_are_sorted_by_their_ids(tmp_path):
    path = tmp_path / "c.xml"
    path.write_text(xml(particles="\n".join(rows(PARTICLE).splitlines()[::-1])))
    assert_is_they(cb.read(path))


@pytest.mark.parametrize(
    "species",
    [
        "",
        '<Genus><Species Name="Bulk"><IDRange Type="All"/></Species></Genus>',
    ],
)
def test_one_species(tmp_path, species):
    path = tmp_path / "c.xml"
    path.write_text(xml(species))
    assert cb.read(path).species.tolist() == [0] * 8


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (xml(boundary="None"), "line 9: expected periodic boundaries"),
        (xml(boundary='LE" DXD="x'), "line 9: expected a finite number DXD"),
        (xml()[:-20], "expected XML, whole"),
        (xml(particles=""), "got 0 particles"),
        (xml(particles=rows(PARTICLE) + rows(PARTICLE)), "ID: expected each once, got 1 again"),
        (xml().replace('x="0.375"', 'x="nan"', 1), "three finite numbers"),
        (xml().replace('<P x="0.375"', '<Q x="0.375"', 1), "line 12: expected a Pt with one P"),
        (moved("P"), "line 12: expected a Pt with one P, .* got 'that of ID 1'"),
        (moved("V"), "line 13: expected a Pt with one P, and one V if .* got 'that of ID 2'"),
        (xml().replace('<BC Type="PBC"/>', ""), "BC: expected periodic boundaries, .* got none"),
        (xml(f'{LETTERS}<SimulationSize x="4" y="4" z="4"/>'), "expected one SimulationSize"),
        (xml(SPECIES.format("A", "A")), "expected species of different names"),
        (poly().replace('D="0', 'D="-0'), "D: expected positive diameters, got -0.98"),
        (xml().replace('ID="8"', 'ID="9"'), "expected one for each ID, 9 has none"),
        (xml().replace('Start="6"', 'Start="5"'), "has particles of another species"),
        (xml().replace('Type="Ranged"', 'Type="List"'), "species|has none"),
        (
            xml().replace('Type="Ranged"', 'Type="Pair"'),
            "IDRange of type All, Ranged, Single, List",
        ),
        (xml().replace('Start="6"', ""), "a whole number Start"),
        (poly().replace(' D="', ' R="', 1), "D: expected a diameter of each of 8 particles, got 7"),
        (poly().replace('D="', 'D="nan', 1), "a finite number D"),
        (poly().replace('D="0', 'D="-0', 1), "D.*positive|positive"),
        (poly(sizes=("D", "S")), "expected one property of the particles, got"),
        (xml().replace("SimulationSize", "Size"), "SimulationSize"),
        ("<html></html>", "line 1: expected a DynamOconfig"),
        ("<DynamOconfig>" + "<a>" * 60, "at most 50 levels"),
        (xml(before='<!DOCTYPE x [<!ENTITY a "b">]>\n'), "without a document type"),
    ],
)
def test_what_is_not_a_configuration_of_dynamo(tmp_path, text, expected):
    path = tmp_path / "c.xml"
    path.write_text(text)
    with pytest.raises(FileFormatError, match=rf"c\.xml.*({expected})"):
        cb.read(path)


def test_positions_are_exact(tmp_path):
    path = tmp_path / "c.xml"
    path.write_text(xml().replace('x="1.875"', 'x="-2.4999999999999996"'))
    assert np.isin(cb.read(path).positions[4:, 0], [-2.4999999999999996]).all()


def test_a_property_that_interactions_name_is_the_diameter(tmp_path):
    path = tmp_path / "config.xml.bz2"
    path.write_bytes(bz2.compress(poly().encode()))
    found = cb.read(path)
    assert_is_they(found)
    np.testing.assert_allclose(found.diameters, 0.9 + np.arange(1, 9) / 100)
    path.write_bytes(bz2.compress(poly(sizes=("1",)).encode()))
    assert cb.read(path).diameters is None


def test_ranges_may_be_lists_and_unions(tmp_path):
    ids = "".join(f'<ID val="{i}"/>' for i in (8, 6))
    union = (
        '<IDRange Type="Union"><IDRange Type="Ranged" Start="7" End="7"/>'
        f'<IDRange Type="List">{ids}</IDRange><IDRange Type="None"/></IDRange>'
    )
    path = tmp_path / "c.xml"
    path.write_text(xml(LETTERS.replace('<IDRange Type="Ranged" Start="6" End="8"/>', union)))
    assert_is_they(cb.read(path))


def test_a_sliding_boundary_is_a_tilted_box(tmp_path):
    """The image above is displaced by DXD along x."""
    path = tmp_path / "c.xml"
    path.write_text(xml(boundary='LE" DXD="0.75" Rate="1'))
    np.testing.assert_array_equal(cb.read(path).box.matrix, [[3, 0, 0], [0.75, 3, 0], [0, 0, 3]])


@pytest.mark.parametrize(
    ("name", "step"),
    [("Snapshot.7.xml", 7), ("Snapshot.700e.xml", None), ("config.7.xml", None)],
)
def test_snapshots_at_intervals_of_time_have_a_step(tmp_path, name, step):
    (tmp_path / name).write_text(xml())
    assert read_frames(tmp_path / name)[0].step == step
