"""Measures Python's parsers on the texts that the library was measured on, and prints both.

Usage: parsers.py FOLDER, where FOLDER has parsers.parquet, a column of texts each parser, and
parsers.tsv, lines of parser and million values a second.
"""

import sys
import time

import dateutil.parser
import email_validator
import nameparser
import phonenumbers
import price_parser
import ua_parser
import usaddress
from pyarrow import parquet

REPEATS = 3


def phone(text):
    number = phonenumbers.parse(text, "US")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def email(text):
    return email_validator.validate_email(text.strip(), check_deliverability=False).normalized


# The library, and what answers the same question of a text.
PEERS = {
    "parse_date": ("dateutil", lambda text: dateutil.parser.parse(text).date()),
    "to_iso8601": ("dateutil", lambda text: dateutil.parser.parse(text).isoformat()),
    "normalize_phone": ("phonenumbers", phone),
    "normalize_email": ("email-validator", email),
    "parse_address": ("usaddress", usaddress.tag),
    "parse_name": ("nameparser", lambda text: nameparser.HumanName(text).as_dict()),
    "parse_user_agent": ("ua-parser", ua_parser.parse),
    "parse_money": ("price-parser", price_parser.Price.fromstring),
}


def measure(parse, texts):
    """Million values a second, and how many texts the library refuses."""
    best, refused = float("inf"), 0
    for _ in range(REPEATS):
        start, refused = time.perf_counter(), 0
        for text in texts:
            try:
                parse(text)
            except Exception:
                refused += 1
        best = min(best, time.perf_counter() - start)
    return len(texts) / best / 1e6, refused


def main(folder):
    with open(f"{folder}/parsers.tsv") as lines:
        ours = dict(line.split("\t") for line in lines)
    table = parquet.read_table(f"{folder}/parsers.parquet")
    print("\nMillion values a second in one thread.\n")
    print("| function | ours | ratio | library | its rate | refused |")
    print("|---|---|---|---|---|---|")
    for function, (library, parse) in PEERS.items():
        rate = float(ours[function])
        theirs, refused = measure(parse, table[function].to_pylist())
        cells = [f"{rate:.3g}", f"{rate / theirs:.0f}", library, f"{theirs:.3g}"]
        print(f"| {function} | {' | '.join(cells)} | {refused / table.num_rows:.0%} |", flush=True)


main(sys.argv[1])
