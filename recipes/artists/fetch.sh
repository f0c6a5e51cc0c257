#!/bin/sh
# Fetch Debian packages with models of free games and libraries and unpack them, nothing being installed:
#   recipes/artists/fetch.sh artists/packages
# About 4 GB to fetch and 8 GB of disk. Run again, it goes on with the packages that are missing. Needs apt, dpkg-deb,
# tar, unzip.
set -eu
out=$1
mkdir -p "$out"
for name in flightgear-data-models torcs-data ufoai-data supertuxkart-data 0ad-data megaglest-data warzone2100-data \
    kicad-packages3d; do
    [ -d "$out/$name" ] && continue
    rm -rf "$out/$name.part"
    mkdir "$out/$name.part"
    # KiCad keeps each part in two formats: the larger one, 4 GB, is not unpacked.
    (cd "$out/$name.part" && apt-get download -qq "$name" \
        && { dpkg-deb --fsys-tarfile ./*.deb || touch failed; } | tar -x --exclude '*.step' && [ ! -e failed ] && rm ./*.deb)
    # What a game keeps in an archive; of the largest one only the models, what shows them, and their pictures.
    find "$out/$name.part" -name '*models*.pk3' -exec unzip -qn {} -d "$out/$name.part/unpacked" \;
    find "$out/$name.part" -name '*.wz' | while read -r archive; do
        unzip -qn "$archive" '*.pie' 'texpages/*' -d "$out/$name.part/unpacked/$(basename "$archive" .wz)" \
            || [ $? -eq 11 ] || exit 1  # 11: none of these files in it
    done
    find "$out/$name.part" -name public.zip -exec unzip -qn {} 'art/meshes/*.pmd' 'art/actors/*.xml' \
        'art/textures/skins/*' -d "$out/$name.part/unpacked" \; -exec rm {} \;
    mv "$out/$name.part" "$out/$name"
    echo "$name: $(grep -h '^License:' "$out/$name"/usr/share/doc/*/copyright | sort -u | tr '\n' ' ')"
done
