#!/bin/bash
# Do the studies of the campaign in FOLDER, one after the other, at the lowest priority:
#     results/campaign/campaign.sh FOLDER
# Stopped at any moment, the same command goes on: units that are done are kept.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=${1:?expected a folder for the studies}
mkdir -p "$folder"
for name in kob-andersen-050-large hard-spheres-058 kob-andersen-044 \
    harmonic-00045 shear-kob-andersen shear-wahnstrom shear-fene-polymer; do
    cp "$here/$name.toml" "$folder/$name.toml"
    nice -n 19 cagebreak run "$folder/$name.toml"
done
