"""Debian packages of free games, simulators and libraries whose models other artists made, and what of each is taken.

licence: of the models, as the package's `copyright` file says; where it lists several, the one that holds for most, and
none of them forbids use or redistribution. leave: parts of paths of what is no object (skies, effects, terrain, parts
of other models); what a reader cannot take is told by name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Package:
    """What is taken of one package.

    suffixes: of its models. leave: a regular expression, looked for in their paths. each: of files whose paths differ
    in their digits alone, at most so many are taken, spread over all; 0 for all of them. distinct: of models of the
    same vertices the first is taken.
    """

    licence: str
    creator: str
    suffixes: tuple[str, ...]
    leave: str = "$^"
    each: int = 0
    distinct: bool = False

    def takes(self, path: str) -> bool:
        """Whether a file of the package is a model that is wanted."""
        return path.lower().endswith(self.suffixes) and not re.search(self.leave, path, re.IGNORECASE)

    def chosen(self, paths: Sequence[str]) -> list[str]:
        """Those of a package's files that are taken, in their order."""
        wanted = list(filter(self.takes, paths))
        if not self.each:
            return wanted
        series: dict[str, list[str]] = {}
        for path in wanted:
            series.setdefault(re.sub(r"\d+", "#", path), []).append(path)
        few = {path for alike in series.values() for path in alike[:: -(-len(alike) // self.each)]}
        return [path for path in wanted if path in few]


PACKAGES = {
    "flightgear-data-models": Package(
        "GPL-2.0-or-later",
        "the FlightGear team",
        (".ac",),
        r"/(Weather|Effects|Volcanoes|Astro|Trees|Forest|Boundaries)/|(?<!f)light|cloud|glow|shadow|smoke|flame|text|crater",
    ),
    "torcs-data": Package(
        "GPL-2.0-or-later", "the TORCS team", (".acc", ".ac"), r"/tracks/|shade|/wheels?/|-lod|steer"
    ),
    "ufoai-data": Package(
        "GPL-2.0-or-later and CC-BY-SA-3.0",
        "the UFO: Alien Invasion team",
        (".md2", ".obj"),
        r"/geoscape/|/sequence/|/(soldiers|civilians)/.*head(?!0*1\.)\d",
    ),
    "supertuxkart-data": Package(
        "CC-BY-SA-3.0, CC-BY-SA-4.0, CC-BY-3.0, CC0-1.0 and public domain",
        "the SuperTuxKart team",
        (".spm",),
        r"_(track|sky|lod\d|low|mid|far)|sky|wheel|shadow|terrain|road|water|lod|ground|grass|glow|light_|crowd|headlight"
        r"|bubble|invisible|physics|bound|hitbox|walls?[_\d.]|arrow|booster|plane\d|path|cloud|stones?_|icicle|spark"
        r"|lightning|lea(f|ves)|field|tree|bush|plants?[_\d.]|flame|carpet|caldeira|castel|volcano|rails?[_\d.]|grid|cable"
        r"|cave|solid|mountain|planks|fire|cattail|beam|oceanic|reef-|_box|collision|lava|ice_|tunnel|bridge|sand_",
    ),
    "0ad-data": Package(
        "CC-BY-SA-3.0",
        "Wildfire Games",
        (".pmd",),
        # Animals are a kind that the catalogue holds out, and these names do not tell. Trees are crossed pictures of
        # leaves; most props are what lies about a building; helmets and shields are many.
        r"/skeletal/(maur_elephant|elephant|cattle|goat_male)|/gaia/(?!.*(rock_|stone|mushroom|geo_|antler|treasure))|/(test|temp|special|new|horse|quivers|armor|heads)/"
        r"|/props/[^/]*(props?[_.]|prop$|shields|rubble|tile|nature|decor|struct|_new|crest|hair|pile|palisade|grass|dock"
        r"|market|house|farmstead|_cc|temple|fortress|wall|tower|barracks|ornament|sail|roof|plank|foliage|lea(f|ves)|garden"
        r"|studs|theater|stable|greave|gym|blacksmith|_sb|corral|field|range|hall|arsenal|stoa|gate|cape|branch|bush|tree)"
        r"|/structural/[^/]*(struct|_cc|_tc|civic|fortress|market|dock|transp|prop|nature|decor|tile|trunk|flower|mace"
        r"|tower|_sb|_hc|stable|farmstead|storehouse|barracks|blacksmith|_mc|range|corral|workshop|paintings)"
        r"|/props/(helmet|shield)/.*([b-z0-9]|0?[2-9]|\d\d)\.dae|branch|bush|grass|field_|f\dx\d|scaf|foundation|decal"
        r"|wall_|_wall|palisade|marker",
    ),
    "megaglest-data": Package(
        "CC-BY-SA-3.0",
        "the Glest team, the MegaGlest team, Titus Tscharntke and others",
        (".g3d",),
        # One of a unit's motions; trees and grass are crossed pictures; animals are a kind that is held out.
        r"walk|dying|die[_.\d]|attack|charg|loaded|harv|min(e|ing)[_.]|build(ing)?[_.]|repair|morph|heal|construct|destr"
        r"|produc|upgrad|tree|grass|bush|plant|nettle|reed|palm|tanne|birke|baum|farn|fern|flower|none\.|papyrus|cypress"
        r"|(?<!_)(pig|cow|chicken|sheep|camel|elephant|snake|scarab|wolf|dog|lion|bear|bird|dragon|deer|fox|horse|bull|bees"
        r"|ibis|ca(val|lva)ry)"
        r"|fire|water|smoke|particle|vulcano|shrub|ivy|wheat|corn|bodypart|leaf|leaves|moss|lily",
        distinct=True,
    ),
    "warzone2100-data": Package(
        "GPL-2.0-or-later",
        "Eidos Interactive and the Warzone 2100 Project",
        (".pie",),
        # What a vehicle drives on comes in two or four pieces; some bodies' levels are moments of a motion.
        r"/effects/|/misc/|/prop/|tree|bush|dummy|smash|trflm|trfl|fxg|bould|mislick|ruin|anim|_run|cybdp|runflame"
        r"|flamfall|fireknee",
        distinct=True,
    ),
    "kicad-packages3d": Package(
        "CC-BY-SA-4.0",
        "the KiCad community",
        (".wrl",),
        r"Mounting_|TestPoint|Package_(BGA|DirectFET|LGA|SON|DFN_QFN)",
        each=2,
        distinct=True,
    ),
}
