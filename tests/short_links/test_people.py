"""Who opened a short link: a person, or a machine that says so."""

import pytest
from werkzeug.datastructures import Headers

from optin.short_links import people

SAFARI = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/18.1 Mobile/15E148 Safari/604.1"
)
CHROME = (
    "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Mobile Safari/537.36"
)


@pytest.mark.parametrize(
    "agent",
    [
        SAFARI,
        CHROME,
        f"{CHROME} [FB_IAB/FB4A;FBAV/485.0.0.0;]",
        f"{SAFARI} Instagram 360.0.0.0 (iPhone14,7; iOS 18_1)",
        f"{CHROME} Telegram-Android/11.2.3 (Samsung SM-A515F; Android 13; SDK 33; AVERAGE)",
        f"{SAFARI} [Pinterest/iOS]",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:132.0) Gecko/20100101 Firefox/132.0",
        "Opera/9.80 (J2ME/MIDP; Opera Mini/9.80) Presto/2.12 Version/12.16",
    ],
)
def test_browsers_are_people(agent: str) -> None:
    assert people.opened("GET", Headers({"User-Agent": agent}))


@pytest.mark.parametrize(
    "agent",
    [
        "",
        # iMessage's preview
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_11_1) AppleWebKit/601.2.4 (KHTML, like Gecko) Version/9.0.1 "
        "Safari/601.2.4 facebookexternalhit/1.1 Facebot Twitterbot/1.0",
        "facebookexternalhit/1.1 (+http://www.facebook.com/externalhit_uatext.php)",
        "WhatsApp/2.23.20.0 A",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "Slack-ImgProxy (+https://api.slack.com/robots)",
        "TelegramBot (like TwitterBot)",
        "Mozilla/5.0 (compatible; Discordbot/2.0; +https://discordapp.com)",
        "Mozilla/5.0 (Windows NT 6.1; WOW64) SkypeUriPreview Preview/0.5 skype-url-preview@microsoft.com",
        "Mozilla/5.0 (compatible; Google-PageRenderer Google (+https://developers.google.com/+/web/snippet/))",
        "Mozilla/5.0 (Linux; Android 6.0.1) Chrome/130 Mobile Safari/537.36 (compatible; Googlebot/2.1; +http://x)",
        "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)",
        "LinkedInBot/1.0 (compatible; Mozilla/5.0; Apache-HttpClient +http://www.linkedin.com)",
        "Mozilla/5.0 HeadlessChrome/131.0.0.0 Safari/537.36",
        "curl/8.5.0",
        "python-requests/2.32.3",
        "okhttp/4.12.0",
        "Dalvik/2.1.0 (Linux; U; Android 13; SM-A515F)",
        "Messages/1 CFNetwork/1568.200.51 Darwin/24.1.0",
    ],
)
def test_machines_that_say_so_are_not(agent: str) -> None:
    assert not people.opened("GET", Headers({"User-Agent": agent}))


@pytest.mark.parametrize(
    ("name", "value"),
    [("Purpose", "prefetch"), ("Sec-Purpose", "prefetch;prerender"), ("X-Purpose", "preview"), ("X-Moz", "prefetch")],
)
def test_nor_is_what_fetches_ahead(name: str, value: str) -> None:
    assert not people.opened("GET", Headers({"User-Agent": SAFARI, name: value}))


def test_nor_is_who_does_not_fetch() -> None:
    assert not people.opened("HEAD", Headers({"User-Agent": SAFARI}))
