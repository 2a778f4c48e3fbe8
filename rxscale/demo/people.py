"""The made-up people of the demo. Every address ends in .example, every number is a reserved one."""

from dataclasses import dataclass
from random import Random

FIRST_NAMES = [
    "Amelia",
    "Noah",
    "Olivia",
    "Elias",
    "Mia",
    "Leon",
    "Emma",
    "Finn",
    "Hannah",
    "Paul",
    "Lina",
    "Jonas",
    "Clara",
    "Emil",
    "Ella",
    "Anton",
    "Lea",
    "Theo",
    "Marie",
    "Oskar",
    "Sofia",
    "Lukas",
    "Ida",
    "Felix",
    "Nora",
    "Jakob",
    "Greta",
    "Max",
    "Frieda",
    "Henri",
    "Zoe",
    "Milan",
    "Alma",
    "Samuel",
    "Charlotte",
    "Liam",
    "Juna",
    "Moritz",
    "Yara",
    "Karim",
    "Aylin",
    "Mateo",
    "Priya",
    "Arjun",
    "Chloe",
    "Lucas",
]
LAST_NAMES = [
    "Hartmann",
    "Becker",
    "Lindqvist",
    "Moreau",
    "Rossi",
    "Novak",
    "Fischer",
    "Kowalski",
    "Larsen",
    "Weiss",
    "Dubois",
    "Santos",
    "Brandt",
    "Keller",
    "Meyer",
    "Okafor",
    "Haddad",
    "Singh",
    "Nguyen",
    "Sato",
    "Andersson",
    "Petrov",
    "Costa",
    "Schneider",
    "Vogel",
    "Richter",
    "Klein",
    "Wolf",
    "Schubert",
    "Winter",
    "Sommer",
    "Berg",
    "Stein",
    "Falk",
    "Engel",
    "Busch",
    "Ritter",
    "Arnold",
    "Otto",
    "Seidel",
    "Ahmadi",
    "Demir",
    "Rao",
    "Iyer",
    "Clarke",
    "Bennett",
]
PATIENT_ZONES = (
    "Europe/Berlin",
    "Europe/Berlin",
    "Europe/Berlin",
    "Europe/London",
    "America/New_York",
    "",
)


@dataclass(frozen=True)
class DoctorProfile:
    """One doctor of the cast. `hours` is weekday (0 = Monday) to (start, end) pairs, local time.

    Without a time zone: the one whose clocks change next (clinic.py).
    """

    name: str
    email: str
    timezone: str
    hours: dict[int, tuple[tuple[str, str], ...]]
    mobile_phone: str = ""


def _weekdays(*hours: tuple[str, str]) -> dict[int, tuple[tuple[str, str], ...]]:
    return dict.fromkeys(range(5), hours)


AROUND_THE_CLOCK = DoctorProfile(
    "Dr. Lena Hoffmann",
    "lena.hoffmann@northside.example",
    "Europe/Berlin",
    dict.fromkeys(range(7), (("00:00", "24:00"),)),
    "+4915550000001",
)

# Whoever is on call works today beside the weekly hours; these change from minute to minute (on_call.py).
ON_CALL_DOCTORS = (
    DoctorProfile(
        "Dr. Mara Lindgren",
        "mara.lindgren@northside.example",
        "Europe/Berlin",
        {1: (("17:00", "20:00"),), 3: (("17:00", "20:00"),), 5: (("09:00", "11:00"),)},
        "+4915550000007",
    ),
    DoctorProfile(
        "Dr. Yusuf Kaya",
        "yusuf.kaya@northside.example",
        "Europe/Berlin",
        {0: (("07:00", "09:00"),), 2: (("07:00", "09:00"),), 6: (("16:00", "19:00"),)},
        "+4915550000008",
    ),
)
# Lives where clocks change next; works the nights in which they do.
WHERE_CLOCKS_CHANGE = DoctorProfile(
    "Dr. Noor Verhoeven",
    "noor.verhoeven@northside.example",
    "",
    {
        **_weekdays(("09:00", "12:00")),
        5: (("22:00", "24:00"),),
        6: (("00:00", "04:00"),),
    },
    "+4915550000009",
)
WITHOUT_HOURS = DoctorProfile("Dr. Ola Brandt", "ola.brandt@northside.example", "Europe/Berlin", {})
NIGHT_DOCTOR_EMAIL = "nadia.haddad@northside.example"

NORTHSIDE_DOCTORS = (
    AROUND_THE_CLOCK,
    DoctorProfile(
        "Dr. Samuel Okafor",
        "samuel.okafor@northside.example",
        "Europe/London",
        _weekdays(("09:00", "12:30"), ("13:30", "17:00")),
        "+447700900102",
    ),
    DoctorProfile(
        "Dr. Priya Raman",
        "priya.raman@northside.example",
        "America/New_York",
        {**_weekdays(("08:00", "13:00")), 5: (("10:00", "14:00"),)},
        "+12025550103",
    ),
    DoctorProfile(
        "Dr. Jonas Weber",
        "jonas.weber@northside.example",
        "Europe/Berlin",
        {
            0: (("08:00", "12:00"),),
            2: (("08:00", "12:00"), ("14:00", "18:00")),
            4: (("08:00", "12:00"),),
        },
    ),
    DoctorProfile(
        "Dr. Clara Moreau",
        "clara.moreau@northside.example",
        "Europe/Berlin",
        {1: (("10:00", "18:00"),), 3: (("10:00", "18:00"),), 5: (("09:00", "12:00"),)},
        "+4915550000005",
    ),
    DoctorProfile(
        "Dr. Nadia Haddad",
        NIGHT_DOCTOR_EMAIL,
        "Europe/London",
        {
            4: (("22:00", "02:00"),),
            5: (("22:00", "02:00"),),
            **dict.fromkeys((0, 1, 2), (("17:00", "21:00"),)),
        },
        "+447700900106",
    ),
    *ON_CALL_DOCTORS,
    WHERE_CLOCKS_CHANGE,
    WITHOUT_HOURS,
)

HARBOUR_DOCTORS = (
    DoctorProfile(
        "Dr. Tom Ferry",
        "tom.ferry@harbour.example",
        "Europe/London",
        dict.fromkeys(range(7), (("00:00", "24:00"),)),
        "+447700900201",
    ),
    DoctorProfile(
        "Dr. Wanda Quay",
        "wanda.quay@harbour.example",
        "Europe/London",
        _weekdays(("09:00", "17:00")),
    ),
)


def profile_fields(number: int, random: Random) -> list[tuple[str, object]]:
    """What a shop's token would say about its customer `number`."""
    first, last = random.choice(FIRST_NAMES), random.choice(LAST_NAMES)
    timezone = random.choice(PATIENT_ZONES)
    is_german = timezone == "Europe/Berlin"
    fields: list[tuple[str, object]] = [
        ("first_name", first),
        ("last_name", last),
        ("email", f"{first}.{last}.{number}@patients.example".lower()),
        (
            "date_of_birth",
            f"{random.randint(1944, 2006)}-{random.randint(1, 12):02}-{random.randint(1, 28):02}",
        ),
        ("timezone", timezone),
        ("language", "de" if is_german and random.random() < 0.8 else "en"),
    ]
    if random.random() < 0.7:
        phone = "+49 15555 0001" if is_german else "+44 7700 900"
        fields.append(("phone", f"{phone}{number % 1000:03}"))
    return fields
