"""Configurations of DynamO, the event-driven code: `.xml`, often compressed as `.xml.bz2`.

The file has the size of the box, which is centered at the origin, the species as ranges of particle
ids, and for each particle its id, position and velocity. A diameter of an interaction is a number,
or the name of a property that each particle has. Snapshots of a run are files of their own.
"""

import re
from dataclasses import replace
from pathlib import Path
from xml.parsers import expat

import numpy as np
from numpy.typing import NDArray

from cagebreak.configuration import Box, Configuration, as_box
from cagebreak.configuration.sizes import own_sizes
from cagebreak.errors import FileFormatError, InputError
from cagebreak.files._compressed import open_binary
from cagebreak.files._text import integer, number
from cagebreak.files.frame import Frame, in_order, renamed

_CHUNK = 1 << 20
_SNAPSHOT = re.compile(r"Snapshot\.([0-9]{1,18})\.xml", re.IGNORECASE)
"""Names of snapshots at equal intervals of time. Those at intervals of events end in `e.xml`."""


def read(path: Path) -> list[Frame]:
    """Read a configuration, sorted by the ids of the particles.

    The species are those of `Genus`: letters keep their names, others are numbered in the order of
    the file. Positions may be wrapped, and the file has no images. A sliding boundary (`LE`) is a
    tilted box. The step of a file `Snapshot.7.xml` is 7, so that the duration of a step is the
    interval between snapshots.

    Raises
    ------
    FileFormatError
        If the file is not XML of DynamO, has entities, a box that is not periodic, or particles
        without a position, with the id of another, or of no single species.
    """
    parser = _Parser(path)
    with open_binary(path) as file:
        parser.parse(file)
    number = _SNAPSHOT.match(path.name)
    try:
        return [replace(parser.frame(), step=None if number is None else int(number[1]))]
    except InputError as error:
        raise FileFormatError(f"{path}: {error}") from error


class _Parser:
    """Handlers of expat that collect the box, the species and the particles.

    A document type could define entities that expand to any size, so that it is refused.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._expat = expat.ParserCreate()
        self._expat.StartElementHandler = self._start
        self._expat.EndElementHandler = self._end
        self._expat.StartDoctypeDeclHandler = self._refuse_doctype
        self._open: list[str] = []
        self._lengths: list[float] = []
        self._periodic, self._shift = False, 0.0
        self._sizes: set[str] = set()
        self._diameters: dict[str, list[float]] = {}
        self._species: list[tuple[str, list[tuple[float, float]]]] = []
        self._ids: list[int] = []
        self._moving = 0
        self._vectors: dict[str, list[list[float]]] = {"P": [], "V": []}

    def parse(self, file) -> None:
        try:
            while chunk := file.read(_CHUNK):
                self._expat.Parse(chunk, False)
            self._expat.Parse(b"", True)
        except expat.ExpatError as error:
            raise FileFormatError(f"{self._path}: expected XML, whole ({error})") from error

    def frame(self) -> Frame:
        """Return the configuration that was read."""
        n = len(self._ids)
        positions, velocities = (np.array(self._vectors[name]).reshape(-1, 3) for name in "PV")
        if not n:
            raise InputError("Pt: expected at least one, got 0 particles")
        if len(self._lengths) != 3:
            raise InputError("SimulationSize: expected the edge lengths of the box, got none")
        if not self._periodic:
            raise InputError("BC: expected periodic boundaries, of type PBC or LE, got none")
        order = np.argsort(self._ids, kind="stable")
        ids = np.array(self._ids, np.int64)[order]
        repeated = ids[1:][ids[1:] == ids[:-1]]
        if len(repeated):
            raise InputError(f"ID: expected each once, got {repeated[0]} again")
        species, names = self._species_of(ids)
        matrix = as_box(self._lengths).matrix.copy()
        matrix[1, 0] = self._shift
        configuration = Configuration(
            positions[order],
            species,
            Box(matrix),
            velocities[order] if len(velocities) else None,
            diameters=self._diameters_of(order, species),
        )
        frame = Frame(configuration, ids=ids, species_names=names or None)
        return renamed(frame, in_order(names)) if "A" in names else frame

    def _diameters_of(self, order: NDArray, species: NDArray) -> NDArray | None:
        """Return the diameters of the particles, if the interactions name a property of them."""
        if len(self._sizes) > 1:
            raise InputError(
                f"Diameter: expected one property of the particles, got {sorted(self._sizes)}"
            )
        for name in self._sizes:
            values = self._diameters.get(name, [])
            if len(values) != len(order):
                raise InputError(
                    f"{name}: expected a diameter of each of {len(order)} particles, got "
                    f"{len(values)}"
                )
            if min(values) <= 0:
                raise InputError(f"{name}: expected positive diameters, got {min(values):g}")
            return own_sizes(np.array(values)[order], species)
        return None

    def _species_of(self, ids: NDArray) -> tuple[NDArray, tuple[str, ...]]:
        names = tuple(name for name, _ in self._species)
        species = np.full(len(ids), -1)
        for s, (name, ranges) in enumerate(self._species):
            inside = np.isin(ids, [first for first, last in ranges if first == last])
            for first, last in ranges:
                if first != last:
                    inside |= (ids >= first) & (ids <= last)
            if (species[inside] >= 0).any():
                raise InputError(f"Species: {name} has particles of another species")
            species[inside] = s
        if names and (species < 0).any():
            raise InputError(f"Species: expected one for each ID, {ids[species < 0][0]} has none")
        return (species, names) if names else (np.zeros(len(ids), np.int64), names)

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        parent = self._open[-1] if self._open else ""
        if not self._open and name != "DynamOconfig":
            raise self._error("a DynamOconfig", name)
        self._open.append(name)
        if len(self._open) > 50:
            raise self._error("elements of at most 50 levels", name)
        if name == "SimulationSize":
            if self._lengths:
                raise self._error("one SimulationSize", "another")
            self._lengths = self._vector(attributes)
        elif name == "BC":
            self._set_boundary(attributes)
        elif name == "Interaction":
            diameter = attributes.get("Diameter")
            if diameter is not None and number(diameter) is None:
                self._sizes.add(diameter)
        elif name == "Species":
            if any(attributes.get("Name", "") == known for known, _ in self._species):
                raise self._error("species of different names", str(attributes))
            self._species.append((attributes.get("Name", ""), []))
        elif name == "IDRange" and "Species" in self._open:
            self._species[-1][1].extend(self._range(attributes))
        elif name == "ID" and parent == "IDRange" and "Species" in self._open:
            id_ = self._integer(attributes, "val")
            self._species[-1][1].append((id_, id_))
        elif name == "Pt" and parent == "ParticleData":
            self._ids.append(self._integer(attributes, "ID"))
            for size in self._sizes & set(attributes):
                value = number(attributes[size])
                if value is None:
                    raise self._error(f"a finite number {size}", str(attributes))
                self._diameters.setdefault(size, []).append(value)
        elif name in self._vectors and parent == "Pt":
            self._vectors[name].append(self._vector(attributes))

    def _end(self, name: str) -> None:
        self._open.pop()
        if name == "Pt" and self._open[-1] == "ParticleData":
            n, (positions, velocities) = len(self._ids), map(len, self._vectors.values())
            self._moving = min(velocities, 1) if n == 1 else self._moving
            if (positions, velocities) != (n, n * self._moving):
                raise self._error(
                    "a Pt with one P, and one V if the first has one", f"that of ID {self._ids[-1]}"
                )

    def _vector(self, attributes: dict[str, str]) -> list[float]:
        values = [number(attributes.get(axis, "")) for axis in "xyz"]
        if None in values:
            raise self._error("three finite numbers x, y, z", str(attributes))
        return values  # type: ignore[return-value]

    def _integer(self, attributes: dict[str, str], name: str) -> int:
        value = integer(attributes.get(name, ""))
        if value is None:
            raise self._error(f"a whole number {name}", str(attributes))
        return value

    def _set_boundary(self, attributes: dict[str, str]) -> None:
        kind = attributes.get("Type")
        if kind not in ("PBC", "LE"):
            raise self._error("periodic boundaries, BC of type PBC or LE", str(kind))
        self._periodic = True
        if kind == "LE":
            shift = number(attributes.get("DXD", "0"))
            if shift is None:
                raise self._error("a finite number DXD", str(attributes))
            self._shift = shift

    def _range(self, attributes: dict[str, str]) -> list[tuple[float, float]]:
        """Return the first and the last id of a range; lists and unions have elements of theirs."""
        kind = attributes.get("Type")
        if kind in ("List", "Union", "None"):
            return []
        if kind == "All":
            return [(-np.inf, np.inf)]
        names = {"Ranged": ("Start", "End"), "Single": ("ID", "ID")}.get(str(kind))
        if names is None:
            raise self._error(
                "an IDRange of type All, Ranged, Single, List, Union or None", str(attributes)
            )
        first, last = (self._integer(attributes, name) for name in names)
        return [(first, last)]

    def _refuse_doctype(self, *_: object) -> None:
        raise self._error("XML without a document type", "one")

    def _error(self, expected: str, got: str) -> FileFormatError:
        line = self._expat.CurrentLineNumber
        return FileFormatError(f"{self._path}, line {line}: expected {expected}, got {got[:80]!r}")
