import time

from fusion.instructions.catalogue_values import read_catalogue
from fusion.types import Vocabulary


def links(vocabulary, concept):
    return {(li.field, li.values, li.fit) for li in read_catalogue(Vocabulary(vocabulary)).concepts.get(concept, ())}


def test_a_category_is_linked_in_any_language():
    assert links({"category": {"Shoes/Running Shoes": 3}}, "category:running_shoes") == {
        ("category", ("Shoes/Running Shoes",), "exact")
    }
    assert links({"category": {"鞋靴/跑鞋": 3}}, "category:running_shoes") == {("category", ("鞋靴/跑鞋",), "exact")}


def test_a_broader_category_is_marked_as_such():
    assert links({"category": {"Home/Furniture": 3}}, "category:chair") == {("category", ("Home/Furniture",), "broader")}


def test_a_sibling_is_no_broader_category():
    assert links({"category": {"Clothing/Shirts": 3}}, "category:jacket") == {("category", ("Clothing",), "broader")}


def test_kinds_stand_in_for_a_category_that_the_catalogue_does_not_name():
    assert links({"category": {"Casual Shoes": 2, "Boots": 1}}, "category:shoes") == {
        ("category", ("Boots", "Casual Shoes"), "narrower")
    }


def test_the_parts_of_a_compound_category_are_linked_and_accessories_are_not():
    vocabulary = {"category": {"Phones & Accessories": 3, "Perfume and Body Mist": 2}}
    assert links(vocabulary, "category:phone") == {("category", ("Phones & Accessories",), "exact")}
    assert links(vocabulary, "category:perfume") == {("category", ("Perfume and Body Mist",), "exact")}
    assert links(vocabulary, "category:accessories") == set()


def test_genders_in_category_names_are_genders_where_no_field_says_so():
    assert links({"category": {"Men/Shirts": 1, "Women/Shirts": 1}}, "gender:men") == {("category", ("Men",), "exact")}


def test_an_exact_colour_stands_alone_unless_it_is_rare_among_its_shades():
    assert links({"colour": {"Blue": 50, "Navy Blue": 20}}, "color:blue") == {("colour", ("Blue",), "exact")}
    assert links({"colour": {"Blue": 1, "Navy Blue": 50}}, "color:blue") == {("colour", ("Blue", "Navy Blue"), "exact")}
    assert links({"colour": {"Navy Blue": 50}}, "color:blue") == {("colour", ("Navy Blue",), "narrower")}


def test_values_without_meaning_are_never_linked():
    values = read_catalogue(Vocabulary({"waterproof": {"Yes": 3, "No": 5}, "finish": {"Other": 2}}))
    from fusion.instructions.tokens import tokenise

    assert values.table.matches(tokenise("other"), 0) == {}
    assert list(values.table.matches(tokenise("waterproof"), 0)) == [1]


def test_thousands_of_brands_are_read_in_seconds():
    vocabulary = Vocabulary({"brand": {f"Brand{i} Label{i % 97}": 1 for i in range(5000)}})
    started = time.thread_time()
    read_catalogue(vocabulary)
    assert time.thread_time() - started < 6
