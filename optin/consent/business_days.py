"""How many business days are left to honour a request to stop. Pure.

47 CFR 64.1200(a)(10): a revocation of consent is honoured "within a reasonable time not to exceed ten business days
from receipt". Business days are Monday to Friday here. Federal holidays count as business days, so that the deadline
shown is never later than the real one.
"""

from datetime import date, timedelta

ALLOWED = 10
SATURDAY = 5


def deadline(received: date) -> date:
    """Return the tenth business day after the day of receipt."""
    day, left = received, ALLOWED
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < SATURDAY
    return day


def days_left(received: date, today: date) -> int:
    """Count the business days after `today` up to the deadline: 10 on the day of receipt, 0 on the last day.

    Below zero are the business days that have passed since the deadline. Both dates are in one time zone.
    """
    last = deadline(received)
    return between(today, last) if today <= last else -between(last, today)


def between(start: date, end: date) -> int:
    """Count the business days after `start` up to and including `end`, which is not before it."""
    weeks, rest = divmod((end - start).days, 7)
    odd = sum((start + timedelta(days=ahead)).weekday() < SATURDAY for ahead in range(1, rest + 1))
    return weeks * 5 + odd
