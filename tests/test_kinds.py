"""Names become kinds."""

import pytest

from shapeshot.kinds import KINDS, kind_of


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("Relax chair", "chair"),
        ("Corner sofa", "sofa"),
        ("Couch", "sofa"),
        ("TV 16:9", "tv"),
        ("Desk lamp", "lamp"),
        ("Coffee table", "table"),
        ("Coffee cup", "cup"),
        ("Bedside table", "nightstand"),
        ("Table with tablecloth", "table"),
        ("Bowl with fruits", "bowl"),
        ("Table fan", "fan"),
        ("Pool table", "game table"),
        ("Captain's bed", "bed"),
        ("Shelves", "shelf"),
        ("Track lights", "lamp"),
        ("Glass", "glass"),
        ("Glasses", "glasses"),
        ("Frame Hôi An", "picture"),
        ("OFFICE CHAIRS", "chair"),
    ],
)
def test_head_noun_and_synonyms(name, kind):
    assert kind_of(name) == kind


def test_tags_decide_only_what_the_name_leaves_open():
    assert kind_of("Peterbilt 379", ["Outdoor", "Truck"]) == "truck"
    assert kind_of("Truck", ["Chair"]) == "truck"
    assert kind_of("Socket", ["SCPTS", "Clothes"]) == "clothes"
    assert kind_of("Wall socket", ["Electric"]) == "wall socket"


def test_unknown_names_keep_their_head_noun_and_no_name_its_category():
    assert kind_of("Quantum flurbs") == "flurb"
    assert kind_of("123", (), "Kitchen") == "kitchen"
    assert kind_of("") == "object"


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_kind_and_every_phrase_means_itself(kind):
    for phrase in (kind, *KINDS[kind]):
        assert kind_of(phrase) == kind


def test_no_phrase_stands_under_two_kinds():
    phrases = [phrase for kind, others in KINDS.items() for phrase in {kind, *others}]
    assert len(phrases) == len(set(phrases))
