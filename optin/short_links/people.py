"""Whether a person opened a short link, as far as the request tells: an estimate, of which nothing is kept.

Phones fetch a link to show what is behind it, carriers and virus scanners to look at it. Many say so; who says they are
a browser counts as one.
"""

import re

from werkzeug.datastructures import Headers

# iMessage calls itself facebookexternalhit and Twitterbot. The browsers inside apps name their app too, without these.
_MACHINES = re.compile(
    r"""
    bot\b | bot[/\-_;] | crawl | spider | preview | prerender | scanner | slurp | monitor | headless
    | facebookexternalhit | facebookcatalog | meta-external | whatsapp/ | slack-
    | google-(?:pagerenderer|safety|read-aloud|inspectiontool) | googleother | googleimageproxy | mediapartners
    | embedly | iframely | vkshare | w3c_ | line-poker
    | proofpoint | barracuda | mimecast | safelinks | forcepoint | bluecoat | trendmicro | virustotal
    | curl/ | wget/ | python | okhttp | go-http-client | java/ | libwww | httpclient | axios | node-fetch | ruby | perl
    | apache-http | postman | cfnetwork | dalvik/
    """,
    re.IGNORECASE | re.VERBOSE,
)
_AHEAD = re.compile(r"prefetch|prerender|preview", re.IGNORECASE)
_SAY_AHEAD = ("Purpose", "Sec-Purpose", "X-Purpose", "X-Moz")


def opened(method: str, headers: Headers) -> bool:
    """Tell whether a request is a person's who wants to see the page."""
    if method != "GET" or any(_AHEAD.search(headers.get(name, "")) for name in _SAY_AHEAD):
        return False
    agent = headers.get("User-Agent", "")
    return bool(agent) and _MACHINES.search(agent) is None
