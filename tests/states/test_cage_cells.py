"""The cells that particles are confined to: the spheres inside of them, and their faces."""

import numpy as np
import pytest

from cagebreak.states.cage_cells import cells_of
from support.cage_systems import SYSTEMS, voronoi_test


@pytest.mark.parametrize("system", ["hard spheres, sheared", "Kob-Andersen"])
def test_the_sphere_within_a_cell_touches_its_nearest_face(system):
    model, start = SYSTEMS[system]
    inside = voronoi_test(start, model)
    cells = cells_of(start, np.array(model.diameters)[start.species], "voronoi")
    assert [len(squares) for squares in cells[:2]] == [len(start), len(start)]
    directions = np.random.default_rng(0).normal(size=(20, 3))
    directions /= np.linalg.norm(directions, axis=1)[:, None]
    for i, square in enumerate(cells[0]):
        assert all(inside(i, 0.999 * np.sqrt(square) * d) for d in directions)
        faces = cells[3][cells[2][i] : cells[2][i + 1], :3]
        normals = faces / np.linalg.norm(faces, axis=1)[:, None]
        assert not all(inside(i, 1.001 * np.sqrt(square) * d) for d in normals)
