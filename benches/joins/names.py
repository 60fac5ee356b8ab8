"""Distinct names and addresses of invented people, the same for the same seed.

What is frequent comes from the tables of the case study's generator, with their weights; what is
rare is made up of syllables, with weights that fall as in Zipf's law. So many share a first name
or a surname, and no two the whole name.
"""

import itertools
import random
import re
from pathlib import Path

TABLES = Path(__file__).resolve().parents[2] / "src/generate/tables"

ONSETS = "b br c ch cl d dr f g gr h j k kr l m n p r s sh st sz t th tr v w z".split() + [""]
NUCLEI = "a e i o u ai ea ee ie ou".split()
CODAS = ["", "", "", "n", "r", "l", "s", "t", "m", "ck", "nd", "rs", "ng", "w", "x"]

# Of a hundred people, how many have a rare given name, and a rare surname.
RARE_GIVEN, RARE_SURNAME = 20, 65
RARE_GIVENS, RARE_SURNAMES = 4_000, 60_000


class Choice:
    """Things chosen in proportion to their weights."""

    def __init__(self, items, weights):
        self.items = items
        self.cumulative = list(itertools.accumulate(weights))

    def pick(self, rng, count):
        return rng.choices(self.items, cum_weights=self.cumulative, k=count)

    @classmethod
    def zipf(cls, items):
        # Flattened at the top, as no rare name is frequent.
        return cls(items, [1 / (rank + 20) for rank in range(len(items))])


def weighted(file, weight=r"\[?([\d, ]+)\]?"):
    """The entries `("Name", weights)` of a table; names beyond ASCII are left out, since DuckDB's
    distances count bytes."""
    found = re.findall(rf'\("([A-Za-z ]+)", {weight}\)', (TABLES / file).read_text())
    return Choice([name for name, _ in found], [sum(map(int, w.split(","))) for _, w in found])


def list_of(file, name):
    body = re.search(rf"{name}: &\[&str\] = &\[(.*?)\];", (TABLES / file).read_text(), re.S)
    return re.findall(r'"([A-Za-z ]+)"', body[1])


def syllables(rng, count):
    parts = ((rng.choice(ONSETS), rng.choice(NUCLEI), rng.choice(CODAS)) for _ in range(count))
    return "".join(itertools.chain.from_iterable(parts)).capitalize()


def rare_surnames(rng):
    halves = [
        first + second
        for language in ("ENGLISH", "GERMAN", "FRENCH")
        for first in list_of("surnames.rs", f"{language}_FIRST")
        for second in list_of("surnames.rs", f"{language}_SECOND")
    ]
    surnames = halves + [syllables(rng, rng.choice((2, 2, 3))) for _ in range(RARE_SURNAMES)]
    rng.shuffle(surnames)
    return Choice.zipf(surnames)


def distinct(count, batch):
    """The first `count` distinct of what `batch` makes, a number at a time."""
    seen = {}
    while len(seen) < count:
        seen.update(dict.fromkeys(batch(20_000)))
    return list(itertools.islice(seen, count))


def people(count, seed):
    """Distinct full names."""
    rng = random.Random(seed)
    given, surname = weighted("given_names.rs"), weighted("surnames.rs")
    rare_given = Choice.zipf([syllables(rng, rng.choice((1, 2, 2))) for _ in range(RARE_GIVENS)])
    rare_surname = rare_surnames(rng)

    def batch(size):
        drawn = zip(
            given.pick(rng, size),
            rare_given.pick(rng, size),
            surname.pick(rng, size),
            rare_surname.pick(rng, size),
        )
        for first, rare_first, last, rare_last in drawn:
            first = rare_first if rng.random() * 100 < RARE_GIVEN else first
            last = rare_last if rng.random() * 100 < RARE_SURNAME else last
            yield f"{first} {last}"

    return distinct(count, batch)


def addresses(count, seed):
    """Distinct addresses in the United States."""
    rng = random.Random(seed)
    places = (TABLES / "places.rs").read_text()
    table = re.search(r"US_CITIES: &\[City\] = &\[(.*?)\];", places, re.S)[1]
    found = re.findall(r'city\(\s*"([^"]+)",\s*"[^"]+",\s*"(\w\w)",\s*"(\d+)",\s*"\d+",\s*(\d+)', table)
    cities = Choice([city[:3] for city in found], [int(city[3]) for city in found])
    streets = list_of("places.rs", "ENGLISH_STREETS")
    streets = Choice.zipf(streets + [syllables(rng, 2) for _ in range(20_000)])
    kinds = ("St", "Street", "Ave", "Avenue", "Rd", "Road", "Ln", "Dr", "Ct")

    def batch(size):
        for street, (city, state, code) in zip(streets.pick(rng, size), cities.pick(rng, size)):
            number = rng.randrange(1, 2400)
            postcode = code + str(rng.randrange(10 ** (5 - len(code)))).zfill(5 - len(code))
            yield f"{number} {street} {rng.choice(kinds)}, {city}, {state} {postcode}"

    return distinct(count, batch)
