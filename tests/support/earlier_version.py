"""Files as earlier versions wrote them: HDF5 without a digest."""

import h5py


def without_digest(*paths):
    """Rewrite sealed files as plain ones, with the same attributes and arrays."""
    for path in paths:
        plain = path.with_suffix(".plain")
        with h5py.File(path) as sealed, h5py.File(plain, "w", libver=("v110", "v110")) as file:
            for name in sealed:
                sealed.copy(name, file)
            file.attrs.update(
                {k: v for k, v in sealed.attrs.items() if k not in ("content", "parents")}
            )
        plain.replace(path)
