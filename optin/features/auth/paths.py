"""The addresses to which a form may return."""

from urllib.parse import urlsplit


def local_path(asked: str) -> str:
    """Return `asked` if it is a path of this site, else "/".

    Browsers drop tabs and line ends and read a backslash as a slash, so "/\\t/evil.example" leads elsewhere.
    """
    if not asked.startswith("/") or asked.startswith("//") or "\\" in asked or any(c <= " " for c in asked):
        return "/"
    try:
        parts = urlsplit(asked)
    except ValueError:
        return "/"
    return "/" if parts.scheme or parts.netloc else asked
