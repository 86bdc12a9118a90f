"""Whether tracks can be of particles such as those of a model, and a descriptor one of them."""

from __future__ import annotations

import warnings

import numpy as np

from cagebreak.configuration import SPECIES_NAMES
from cagebreak.descriptors import AtomicClusterExpansion, Descriptor, Generations, Radial
from cagebreak.errors import ConfigurationWarning, InputError
from cagebreak.models import as_model
from cagebreak.models.model import Model
from cagebreak.potentials.match import DENSITY_REMARK
from cagebreak.potentials.state_point import COMPOSITION_REMARK, DENSITY, density
from cagebreak.tracks.tracks import Tracks, require_tracks

ONE_SPECIES = "; a model of one species has composition=1"


def check(tracks: Tracks, model: Model) -> None:
    """Compare the particles of tracks with those of a model, as `cagebreak.check` does one frame.

    The density is that of the particles that are seen, over the window, averaged over frames, and
    so is the composition.

    Parameters
    ----------
    tracks
    model
        Its dimension, composition and density are what is expected.

    Raises
    ------
    InputError
        If the dimensions or the species are others, or the density is by a factor of five.

    Warns
    -----
    ConfigurationWarning
        If density or composition differ from the model's, but may be meant.
    """
    require_tracks(tracks)
    model = as_model(model)
    if tracks.dimension != model.dimension:
        raise InputError(
            f"tracks: expected {model.dimension} dimensions, as of {model.name}, got "
            f"{tracks.dimension}"
        )
    counts = np.bincount(tracks.species, minlength=model.n_species)
    present = [SPECIES_NAMES[s] for s in np.flatnonzero(counts)]
    expected = [SPECIES_NAMES[s] for s in np.flatnonzero(model.composition)]
    if present != expected:
        raise InputError(
            f"tracks: expected the species {', '.join(expected)}, as of {model.name}, got "
            f"{', '.join(present)}{ONE_SPECIES if present == ['A'] else ''}"
        )
    composition = counts / len(tracks)
    name, of_model, value = density(tracks.number_density, composition, model)
    found = f"tracks: their {name} is {value:.4g}, that of the model {of_model:.4g}"
    if not 1 / DENSITY <= value / of_model <= DENSITY:
        raise InputError(f"{found}; is `length` sigma in the units of the table?")
    if abs(value / of_model - 1) > DENSITY_REMARK:
        _warn(f"{found}; particles that are never found, or `length` is not sigma?")
    if np.abs(composition - model.composition).max() > COMPOSITION_REMARK:
        shares, fractions = (
            ", ".join(f"{share:.3g}" for share in of) for of in (composition, model.composition)
        )
        _warn(f"tracks: their composition is {shares}, that of the model {fractions}")


def _warn(text: str) -> None:
    warnings.warn(text, ConfigurationWarning, stacklevel=3)


def require_species(tracks: Tracks, descriptor: Descriptor) -> None:
    """Raise an `InputError` if a descriptor has columns of species that the tracks lack."""
    n = _n_species(descriptor)
    if n > tracks.n_species:
        raise InputError(
            f"descriptor: expected one of {tracks.n_species} species, as the tracks have, got one "
            f"of {n}: columns of {SPECIES_NAMES[n - 1]} would be empty{ONE_SPECIES}"
        )


def _n_species(descriptor: Descriptor) -> int:
    """Return the number of species that a descriptor tells apart; 0 if it tells none apart."""
    match descriptor:
        case Radial() | AtomicClusterExpansion():
            return descriptor.n_species
        case Generations():
            return max(map(_n_species, descriptor.descriptors))
    return 0
