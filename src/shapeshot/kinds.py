"""Which kind of object a name means: "Corner sofa" and "Couch" are sofas, "TV 16:9" is a tv.

KINDS is the whole dictionary. An English name's head noun comes last ("desk lamp" is a lamp, "lamp desk" a desk), so
the phrase that ends furthest right wins, and of those the longest.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

# kind: the phrases that mean it, singular, besides the kind itself.
# fmt: off
KINDS: dict[str, tuple[str, ...]] = {
    # seats
    "chair": ("seat", "pool lounge", "lounger", "deckchair", "rocking chair"),
    "armchair": ("armchair ottoman", "recliner", "fauteuil"),
    "stool": ("barstool", "puff", "pouf", "ottoman", "footstool"),
    "sofa": ("couch", "loveseat", "settee", "convertible sofa bz", "sofa seat"),
    "bench": ("wood bank", "little bank"),
    "wheelchair": (),
    # tables
    "table": ("wooden alder table", "workbench", "trestle"),
    "desk": ("desk table", "writing table"),
    "nightstand": ("bedside table", "night table"),
    "dressing table": (),
    "changing table": (),
    "game table": (
        "football table", "pool table", "table tennis", "billiard", "flipper", "pinball", "ping pong table",
    ),
    # beds
    "bed": ("futon", "daybed", "bunk"),
    "crib": ("baby bed", "cot", "cradle"),
    "mattress": ("air mattress", "sleeping bag", "tatami"),
    "hammock": (),
    # storage
    "cabinet": (
        "cupboard", "locker", "dresser", "island", "island extension", "drawer", "sideboard", "commode",
        "safe",
    ),
    "wardrobe": ("closet", "armoire"),
    "shelf": ("bookcase", "bookshelf", "contemporary living room", "shelving"),
    "tv stand": ("television cabinet", "tv cabinet", "media console"),
    "chest": ("trunk", "trunck", "coffer"),
    "box": ("crate", "cardboard box", "bread box", "gift", "medicine box", "penbox", "carton", "pallet"),
    "container": ("shipping container",),
    "barrel": ("cask",),
    "basket": ("clothes basket", "shopping basket"),
    "tray": ("letter tray", "sushi tray"),
    "coat rack": (
        "clothes rack", "clothes hanger", "wall hanger", "clothes horse", "wire coathanger", "coathanger",
        "hanger",
    ),
    # light
    "lamp": ("light", "lantern", "lamppost", "chandelier", "spotlight", "fluorescent strip", "lamp artwork"),
    "flashlight": ("torch",),
    "candle": ("candlestick",),
    # bathroom
    "bath": ("bathtub", "jacuzzi", "hot tub"),
    "washbasin": ("basin", "lavatory", "vanity", "sink"),
    "toilet": ("toilet unit", "bidet", "urinal", "potty", "wc"),
    "shower": ("shower stall", "shower head", "shower cabin"),
    "curtain": ("shower curtain", "window blind", "blind"),
    "towel": (),
    "towel rack": (),
    "toilet paper": ("toilet paper dispenser", "paper towel holder", "toilet paper holder"),
    "brush": ("toilet brush", "comb", "hairbrush", "toothbrush"),
    "soap": ("sponge", "lip stick", "lipstick"),
    # kitchen
    "oven": ("stove", "microwave", "cooker", "range"),
    "cooktop": ("induction cooker", "hob", "induction cooker zone"),
    "hood": ("range hood", "extractor"),
    "refrigerator": ("fridge", "freezer", "chest freezer"),
    "washing machine": ("dryer machine", "dryer", "dishwasher", "washer"),
    "toaster": ("sandwich maker", "stone grill device", "deep fryer"),
    "mixer": ("blender", "squeezer", "food processor"),
    "coffee machine": ("coffee maker", "coffee brewer", "espresso machine"),
    "kettle": ("teapot", "coffee press", "espresso kettle", "creamer", "boiler", "pitcher", "jug"),
    "scale": ("kitchen scale", "electronic scale"),
    "cup": ("mug", "coffee cup"),
    "glass": ("beer glass", "cocktail glass", "wine glass"),
    "bottle": ("flacon", "spray bottle", "oil server", "milk", "carafe"),
    "jar": ("pottery", "cosmetic pot", "sugar", "salt shaker", "ashtray", "hashtray", "utensil pot"),
    "bowl": (),
    "plate": ("dish", "plate glass and cutlery", "plate glasses and cutlery"),
    "pan": ("pot", "saucepan", "casserole"),
    "cutlery": ("fork", "spoon", "knife", "kitchen tool"),
    "knife stand": ("knife block", "spice tower"),
    "chopping board": ("cutting board",),
    "food": (
        "bread", "butter", "steak", "cake", "cup cake", "hamburger", "hot dog", "french fry",
        "roasted chicken", "apple", "fruit",
    ),
    # electronics
    "tv": ("television", "screen tv", "flat screen"),
    "monitor": ("computer screen", "display"),
    "computer": ("imac", "apple imac", "pc", "desktop computer"),
    "laptop": ("ibook", "notebook", "macbook"),
    "phone": ("iphone", "smartphone", "telephone", "intercom", "entry speech unit", "intercom with screen"),
    "tablet": ("ipad",),
    "keyboard": (),
    "remote control": ("joystick", "gamepad"),
    "printer": ("scanner", "photocopier", "inkjet printer and scanner"),
    "stereo": (
        "radio", "mp3 base", "mp3 station", "amplifier", "dvd player", "playstation", "console", "hifi",
    ),
    "speaker": ("loudspeaker",),
    "headphones": ("headphone", "headset"),
    "camera": ("cctv", "webcam"),
    "projector": ("video projector",),
    "wall socket": ("plug", "socket outlet", "outlet", "wall double socket"),
    "light switch": ("switch", "dimmer", "entry bell ring"),
    "smoke detector": (),
    "thermometer": ("thermostat",),
    # the house
    "radiator": ("heater", "furnace"),
    "water heater": ("water cooler",),
    "air conditioner": ("air conditioning", "external unit", "internal unit"),
    "fan": ("ceiling fan",),
    "fireplace": ("chimney",),
    "door": ("garage door", "screen door", "shower door", "elevator", "window shutter"),
    "window": (),
    "stairs": ("staircase", "escalator", "stair"),
    "ladder": ("step ladder",),
    "fence": ("railing", "balustrade"),
    "column": ("pillar",),
    "screen": ("room divider", "partition"),
    "rug": ("carpet", "bathmat", "doormat", "mat"),
    "faucet": ("tap", "hose reel", "shower head and faucet"),
    "trash can": ("trashcan", "dustbin", "recycling bin", "bin", "garbage can", "wastebasket"),
    "mailbox": ("letter box", "letterbox"),
    "fire extinguisher": ("extinguisher",),
    "sign": ("emergency sign", "white board", "whiteboard", "calendar", "blackboard"),
    "picture": ("frame", "frame chambord", "frame hoi an", "painting", "poster"),
    "mirror": (),
    "clock": ("cuckoo clock",),
    "vase": ("urn",),
    "planter": ("flower box", "plant box", "flowerpot", "plant pot"),
    "aquarium": (),
    # plants
    "plant": ("cactus", "yucca", "spathiphyllum", "fern", "bonsai tree"),
    "flowers": ("flower", "orchid", "tulip", "lily", "white lily", "rose"),
    "tree": (
        "acacia", "bamboo", "ficus", "cypress", "poplar", "pine", "maple", "beech", "palm", "peach blossom",
        "pine under snow", "oak tree",
    ),
    "hedge": ("bush", "shrub"),
    "rock": ("stone", "boulder"),
    # people and animals
    "person": (
        "male", "female", "boy", "girl", "man", "woman", "human", "mannequin male", "mannequin female",
    ),
    "animal": (
        "cat", "dog", "bulldog", "horse", "rabbit", "chicken", "deer", "bird", "fish", "cattle", "bull",
        "cow", "zebu", "auroch", "muskox", "muxok", "wildebeest", "goat", "sheep", "pig", "boar", "donkey",
        "camel", "zebra", "elephant", "giraffe", "hippopotamus", "rhinoceros", "lion", "lioness", "tiger",
        "bear", "wolf", "wolfhound", "mastiff", "fox", "whale", "shark", "tuna", "walrus", "dolphin",
        "crocodile", "croc", "turtle", "crow", "seagull", "duck", "eagle", "piranha", "frog", "snake",
        "monkey", "pony", "rhino", "hawk", "peacock",
    ),
    # toys, sport and music
    "toy": (
        "doll", "teddy bear", "puzzle", "rubik cube", "wood toy", "toy train", "biplane", "car model",
        "rocking horse", "xylophone", "teddy", "card game", "chessboard", "doll house", "dart game",
        "snowman",
    ),
    "ball": ("basketball", "soccer ball", "football", "punching ball"),
    "racket": ("bat", "table tennis bat", "tennis racket"),
    "playground": (
        "swing", "seesaw", "sandpit", "trampoline", "child hut", "child game", "slide", "diving board",
        "child swing",
    ),
    "goal": ("basketball net",),
    "fitness machine": ("treadmill", "indoor bike", "fitness tower", "abdominal bench", "exercise bike"),
    "piano": (),
    "guitar": (),
    # clothes and what is carried
    "clothes": (
        "dress", "jacket", "skirt", "suit", "trouser", "short", "sock", "glove", "folded clothes",
        "hanging clothes", "shirt", "jean",
    ),
    "shoes": ("shoe", "slipper", "sneaker", "bootie", "mocassin", "boot", "moccasin"),
    "hat": ("cap", "helmet"),
    "bag": ("backpack", "handbag", "briefcase", "suitcase", "luggage"),
    "jewelry": ("ring", "watch", "necklace"),
    "glasses": ("sunglass", "sunglasses", "spectacles"),
    "umbrella": ("parasol",),
    # small things
    "book": ("newspaper", "magazine"),
    "pen": ("pencil", "text marker", "marker", "ruler", "pen box"),
    "tool": (
        "hammer", "saw", "drill", "screwdriver", "grinder", "shovel", "plier", "broom", "scissors", "scissor",
        "stapler", "tape", "tape measure", "mower", "wheelbarrow",
    ),
    "key": ("lock", "number lock", "padlock"),
    "banknote": ("bill",),
    "cone": ("traffic cone",),
    # outside
    "swimming pool": ("pool",),
    "fountain": ("fire hydrant", "hydrant"),
    "tent": ("barnum", "canopy", "gazebo"),
    "hut": ("dog house", "shed", "cabin"),
    "road marking": ("arrow", "parking slot", "pedestrian crossing", "arrow straight ahead", "sidewalk"),
    "rails": ("rail", "rail crossing"),
    "firewood": ("wood log", "log"),
    # vehicles
    "car": (
        "sedan", "suv", "chevrolet", "ford focus", "peugeot", "renault scenic", "seat leon", "beetle",
        "concept sedan",
    ),
    "truck": ("van", "fork lift", "forklift", "lorry"),
    "bus": (),
    "motorcycle": ("motorbike", "scooter", "yamaha yzr r"),
    "bicycle": ("bike", "tricycle"),
    "skateboard": (),
    "stroller": ("pram",),
    "boat": ("rowboat", "canoe"),
}
# fmt: on

_PHRASES: dict[tuple[str, ...], str] = {
    tuple(phrase.split()): kind for kind, phrases in KINDS.items() for phrase in (kind, *phrases)
}
_LONGEST = max(map(len, _PHRASES))
_PLURALS = {"shelves": "shelf", "knives": "knife", "fries": "fry", "children": "child", "people": "human"}
# What follows these words describes the object that stands before them.
_TAIL = re.compile(r"\b(?:with|without|on|of|for|in|at|under)\b")
# Names that mean something else under a tag: Sweet Home 3D calls a sock a socket.
_BY_TAG = {("socket", "clothes"): "clothes", ("chicken", "food"): "food"}


def kind_of(name: str, tags: Iterable[str] = (), category: str = "") -> str:
    """The kind of object: a key of KINDS, else by its tags, else the name's own head noun in the singular.

    name: as people write it ("Winchester armchair"). tags: consulted only where the name says nothing known.
    """
    words, tag_list = _words(name), [tag.lower() for tag in tags]
    for tag in tag_list:
        if kind := _BY_TAG.get((" ".join(words), tag)):
            return kind
    head = _words(_TAIL.split(" ".join(words))[0]) or words
    for candidate in (words, head):
        if tuple(candidate) in _PHRASES:
            return _PHRASES[tuple(candidate)]
    found = _rightmost(head) or _rightmost(words)
    if found is None:
        found = next((known for tag in tag_list if (known := _PHRASES.get(tuple(_words(tag))))), None)
    return found or (head[-1] if head else category.lower() or "object")


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKD", text).encode("ascii", "ignore").decode().lower()
    return [_singular(word) for word in re.findall(r"[a-z]+[0-9]?[a-z]*", plain.replace("'s", ""))]


def _singular(word: str) -> str:
    if word in _PLURALS:
        return _PLURALS[word]
    if (word,) in _PHRASES_PLURAL or not word.endswith("s") or word.endswith(("ss", "us", "is", "as")) or len(word) < 4:
        return word
    return word[:-1]


# Kinds and phrases that are plural by nature ("stairs", "headphones") keep their s.
_PHRASES_PLURAL = {phrase for phrase in _PHRASES if phrase[-1].endswith("s")}


def _rightmost(words: list[str]) -> str | None:
    for end in range(len(words), 0, -1):
        for length in range(min(_LONGEST, end), 0, -1):
            if kind := _PHRASES.get(tuple(words[end - length : end])):
                return kind
    return None
