"""Who lives in the sample, and what they texted. All numbers are of the range that is set apart for fiction."""

from typing import NamedTuple

from optin.enums import PersonKind

CONTACT, LEAD = PersonKind.CONTACT, PersonKind.LEAD


class Somebody(NamedTuple):
    """A contact or lead; `mobile` as ten digits, "" for none."""

    kind: PersonKind
    first_name: str
    last_name: str
    mobile: str
    company: str = ""

    @property
    def name(self) -> str:
        """Return "First Last"."""
        return f"{self.first_name} {self.last_name}"


class Text(NamedTuple):
    """A text to us: when, by whom (a name of PEOPLE, or the ten digits of a number that nobody has), and what.

    Moments read "29d 09:14" (that many days before today, UTC) or "40m" (minutes ago).
    """

    at: str
    who: str
    body: str


PEOPLE = (
    Somebody(CONTACT, "Maya", "Chen", "4155550134", "Bay Paddlers"),
    Somebody(CONTACT, "Ines", "Duarte", "4155550199"),
    Somebody(LEAD, "Paulo", "Duarte", "4155550199"),
    Somebody(CONTACT, "Leo", "Park", "2065550150"),
    Somebody(CONTACT, "Noor", "Haddad", "2065550147", "Harbor Friends"),
    Somebody(LEAD, "Tom", "Baker", "6465550177"),
    Somebody(LEAD, "Priya", "Nair", "3125550141"),
    Somebody(CONTACT, "Hana", "Sato", "6465550130", "Sato Bakery"),
    Somebody(CONTACT, "Kenji", "Sato", "6465550130", "Sato Bakery"),
    Somebody(CONTACT, "Rosa", "Delgado", "", "City Parks"),
    Somebody(CONTACT, "Camille", "Laurent", "4155550121"),
    Somebody(CONTACT, "Marcus", "Webb", "3125550109", "Webb & Daughters"),
    Somebody(CONTACT, "Grace", "Kim", "2065550112"),
    Somebody(CONTACT, "Amara", "Okafor", "3125550166", "Lakeside School"),
    Somebody(CONTACT, "Ben", "Whitaker", "4155550145", "Bay Paddlers"),
    Somebody(CONTACT, "Lucía", "Moreno", "6465550118"),
    Somebody(CONTACT, "Samuel", "Osei", "2065550171"),
    Somebody(CONTACT, "Aisha", "Rahman", "4155550158"),
    Somebody(CONTACT, "Daniel", "Novák", "3125550122"),
    Somebody(CONTACT, "Elena", "Petrova", "6465550139"),
    Somebody(CONTACT, "Hugo", "Lindqvist", "2065550184", "Harbor Friends"),
    Somebody(CONTACT, "Fatima", "Zahra", "4155550167"),
    Somebody(CONTACT, "Owen", "Gallagher", "3125550137"),
    Somebody(CONTACT, "Mei", "Lin", "6465550155"),
    Somebody(CONTACT, "Rafael", "Santos", "4155550172"),
    Somebody(CONTACT, "Sofia", "Rossi", "2065550128", "City Parks"),
    Somebody(CONTACT, "Yusuf", "Demir", "3125550179"),
    Somebody(CONTACT, "Chloe", "Martin", "6465550161"),
    Somebody(CONTACT, "Andre", "Jackson", "2065550193"),
    Somebody(LEAD, "Isaac", "Stone", "4155550186"),
    Somebody(LEAD, "Nadia", "Haddou", "6465550188"),
    Somebody(LEAD, "Peter", "Olsen", "2065550105"),
    Somebody(LEAD, "Keisha", "Brown", "3125550153"),
    Somebody(LEAD, "Viktor", "Hale", "6465550194"),
    Somebody(LEAD, "Lena", "Fischer", "4155550111"),
    Somebody(LEAD, "Omar", "Farouk", "3125550192"),
    Somebody(LEAD, "Julia", "Becker", "2065550136"),
    Somebody(LEAD, "Diego", "Ramos", "6465550126"),
    Somebody(LEAD, "Ruth", "Adeyemi", "4155550143"),
    Somebody(LEAD, "Caleb", "Moore", "3125550115"),
    Somebody(LEAD, "Tara", "Singh", "2065550159"),
    Somebody(LEAD, "Jonas", "Weber", "6465550148"),
    Somebody(LEAD, "Mina", "Park", "4155550176"),
)

TEXTS = (
    # They join: one text is enough for riverteam, donate2026 asks once more.
    Text("29d 09:14", "Maya Chen", "Riverteam"),
    Text("29d 17:40", "Ben Whitaker", "riverteam"),
    Text("28d 10:05", "Noor Haddad", "riverteam"),
    Text("28d 10:20", "Noor Haddad", "donate2026"),
    Text("28d 10:21", "Noor Haddad", "YES"),
    Text("28d 12:30", "Amara Okafor", "RIVERTEAM"),
    Text("27d 08:12", "Leo Park", "riverteam"),
    Text("27d 16:45", "Priya Nair", "Donate2026"),
    Text("27d 16:46", "Priya Nair", "yes"),
    Text("26d 09:30", "Hana Sato", "riverteam"),
    Text("26d 18:02", "Samuel Osei", "riverteam"),
    Text("25d 11:11", "Lucía Moreno", "Riverteam!"),
    Text("24d 13:20", "Aisha Rahman", "riverteam"),
    Text("24d 15:00", "Omar Farouk", "donate2026"),
    Text("24d 15:04", "Omar Farouk", "Y"),
    Text("23d 10:48", "Marcus Webb", "riverteam"),
    Text("22d 09:09", "Daniel Novák", "riverteam"),
    Text("22d 09:40", "Elena Petrova", "riverteam"),
    Text("22d 17:30", "Ruth Adeyemi", "donate2026"),
    Text("22d 17:31", "Ruth Adeyemi", "YES"),
    Text("21d 12:00", "Grace Kim", "riverteam"),
    Text("21d 14:10", "Caleb Moore", "donate2026"),
    Text("21d 14:15", "Caleb Moore", "Yes!"),
    Text("20d 08:55", "Hugo Lindqvist", "riverteam"),
    Text("19d 17:02", "Ines Duarte", "riverteam"),
    Text("18d 09:20", "Fatima Zahra", "riverteam"),
    Text("17d 10:02", "Ines Duarte", "donate2026"),
    Text("17d 10:03", "Ines Duarte", "YES"),
    Text("17d 19:05", "Owen Gallagher", "riverteam"),
    Text("16d 11:30", "Mei Lin", "riverteam"),
    Text("16d 11:44", "Grace Kim", "donate2026"),
    Text("16d 11:45", "Grace Kim", "yes"),
    Text("15d 13:33", "Camille Laurent", "riverteam"),
    Text("14d 10:10", "Rafael Santos", "riverteam"),
    Text("13d 16:20", "Sofia Rossi", "riverteam"),
    Text("12d 09:00", "Isaac Stone", "riverteam"),
    Text("9d 14:41", "Keisha Brown", "riverteam"),
    Text("8d 09:27", "Yusuf Demir", "riverteam"),
    Text("6d 12:12", "Chloe Martin", "riverteam"),
    Text("4d 10:35", "Andre Jackson", "riverteam"),
    Text("3d 10:00", "6465550144", "riverteam"),
    Text("3d 15:15", "Nadia Haddou", "riverteam"),
    Text("3d 16:50", "Viktor Hale", "Riverteam"),
    Text("2d 11:05", "Aisha Rahman", "donate2026"),
    Text("2d 11:06", "Aisha Rahman", "YES"),
    Text("1d 12:10", "Diego Ramos", "riverteam"),
    Text("1d 18:31", "3125550118", "riverteam"),
    Text("150m", "Tara Singh", "riverteam"),
    Text("110m", "Jonas Weber", "riverteam"),
    # One question was never answered, one waits.
    Text("20d 17:17", "Mina Park", "donate2026"),
    Text("170m", "Tom Baker", "DONATE2026!"),
    # They ask, thank and chat.
    Text("26d 09:03", "Noor Haddad", "Is there parking?"),
    Text("18d 10:11", "Ines Duarte", "Do I need to bring a bag?"),
    Text("14d 12:20", "Leo Park", "Is parking available at the river?"),
    Text("8d 13:13", "Caleb Moore", "HELP"),
    Text("2d 08:40", "3125550104", "Hi, who is this?"),
    Text("97m", "Amara Okafor", "Can I bring my class?"),
    Text("55m", "Maya Chen", "Great, see you there!"),
    # They nearly join.
    Text("10d 08:50", "Peter Olsen", "rivertem"),
    Text("10d 08:52", "Peter Olsen", "riverteam"),
    Text("2d 19:10", "4155550102", "riverteam please"),
    Text("1d 09:45", "Lena Fischer", "I would like to join riverteam"),
    # They leave, in every way.
    Text("18d 15:30", "Omar Farouk", "remove me from this list"),
    Text("13d 08:08", "2065550101", "wrong number"),
    Text("11d 12:00", "Camille Laurent", "Stop. Thank you"),
    Text("11d 13:15", "Marcus Webb", "STOP"),
    Text("10d 09:30", "Daniel Novák", "stop riverteam"),
    Text("4d 08:31", "Ines Duarte", "STOP"),
    Text("90m", "Rafael Santos", "stop"),
    # One allows texts again, one joins again and is still blocked.
    Text("7d 10:00", "Marcus Webb", "START"),
    Text("60m", "Ines Duarte", "riverteam"),
    # A person has to decide what these mean.
    Text("11d 18:22", "Leo Park", "hey could you guys please stop riverteam texts, too many this month"),
    Text("6d 15:40", "Grace Kim", "Let's end the litter for good!"),
    Text("5d 07:58", "Priya Nair", "stpo"),
    Text("65m", "6465550144", "We have to stop this bill in the senate!"),
)
