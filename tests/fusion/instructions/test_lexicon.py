from fusion.instructions.lexicon import load, load_concepts, role_of


def test_every_broader_concept_exists():
    concepts = load_concepts()
    assert [(c.key, b) for c in concepts.values() for b in c.broader if b not in concepts] == []


def test_every_concept_has_a_name_in_both_languages():
    assert [c.key for c in load_concepts().values() if not c.names["en"] or not c.names["zh"]] == []


def test_hints_name_concepts_that_exist():
    concepts, hints = load_concepts(), load("hints")
    rows = [*hints["recipient"].values(), *hints["situation"].values(), *hints["age"]]
    named = [
        f"{role}:{c.strip()}"
        for row in rows
        for role, line in row.items()
        if role not in {"en", "zh", "up_to"}
        for c in line.split(",")
    ]
    assert [name for name in named if name not in concepts] == []


def test_a_shops_own_attribute_names_have_roles():
    assert [role_of(n) for n in ("Colour", "base_colour", "颜色", "Usage", "plant type")] == [
        "color",
        "color",
        "color",
        "occasion",
        "plant type",
    ]
