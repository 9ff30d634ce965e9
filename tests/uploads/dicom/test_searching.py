import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from uploads.dicom.deid import searching
from uploads.dicom.deid.searching import stands_in

WORDS = frozenset((b"QUILLFEATHER", b"ZEBEDEE", b"9434765919", b"M\xdcLLER"))
PIXELS = np.random.default_rng(3).integers(0, 160, 20_000, np.uint16).tobytes()


@pytest.fixture(autouse=True, scope="module", params=[0, 1 << 40], ids=["tables", "plainly"])
def _each_way(request):
    """Every test runs both ways: little is searched for word by word, more with tables."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(searching, "_LITTLE", request.param)
        yield


@pytest.mark.parametrize("word", sorted(WORDS))
@pytest.mark.parametrize("place", [0, 1, 777, len(PIXELS)])
@pytest.mark.parametrize("encoding", ["latin-1", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("is_lower", [False, True])
def test_a_word_is_found_wherever_it_stands(word, place, encoding, is_lower):
    text = word.decode("latin-1")
    # bytes know no lower case beyond ASCII, and neither does the search
    planted = bytes([*word]).lower().decode("latin-1") if is_lower else text
    planted_bytes = planted.encode(encoding)

    assert stands_in(PIXELS[:place] + planted_bytes + PIXELS[place:], WORDS)


def test_noise_holds_no_word():
    assert not stands_in(PIXELS, WORDS)
    assert not stands_in(b"", WORDS)
    assert not stands_in(PIXELS, frozenset())


@pytest.mark.parametrize(
    ("encoding", "cut"),
    # of big-endian text the first byte is none of the word's
    [("latin-1", 1), ("latin-1", 2), ("utf-16-le", 1), ("utf-16-le", 2), ("utf-16-be", 2)],
)
def test_a_word_whose_beginning_is_cut_off_is_no_word(encoding, cut):
    word = "QUILLFEATHER".encode(encoding)

    assert stands_in(word + PIXELS, WORDS)
    assert not stands_in(word[cut:] + PIXELS, WORDS)


def test_a_picture_made_of_letters_is_searched_word_by_word():
    letters = (b"QUILLF" * 30_000) + b"?"

    assert not stands_in(letters, WORDS)
    assert stands_in(letters + b"EATHER QUILLFEATHER", WORDS)


@given(
    data=st.lists(st.sampled_from([b"QUILL", b"FEATHER", b"\0", b"Q", b"ab", b"ZEBE", b"DEE"])),
)
def test_the_search_agrees_with_a_plain_one(data):
    joined = b"".join(data)
    upper = joined.upper()
    # of either byte order
    wide = [word.decode("latin-1").encode("utf-16-le")[:-1] for word in WORDS]

    assert stands_in(joined, WORDS) == any(word in upper for word in (*WORDS, *wide))


@pytest.mark.parametrize("spelt", [b"HARRINGTON", "HARRINGTON".encode("utf-16-be")])
def test_a_word_that_lies_over_the_edge_of_a_window_is_found(monkeypatch, spelt):
    monkeypatch.setattr(searching, "_WINDOW", 32)
    words = frozenset((b"HARRINGTON",))

    for place in range(200):
        assert stands_in(bytes(place) + spelt + bytes(100), words), place
    assert not stands_in(bytes(300), words)


@pytest.mark.parametrize("encoding", ["latin-1", "utf-16-le", "utf-16-be"])
@pytest.mark.parametrize("place", [0, 1, 777])
def test_a_word_is_found_among_values_below_zero(encoding, place):
    pixels = np.random.default_rng(3).integers(-2000, 3000, 20_000, np.int16).tobytes()

    assert not stands_in(pixels, WORDS)
    assert stands_in(pixels[:place] + b"zebedee".decode().encode(encoding) + pixels[place:], WORDS)
