"""Vietnamese, in the bare form without tones ("đừng" is "đung"): "dừng lại", "hủy đăng ký". Pure."""

from optin.reading.languages.language import END, Language

_WRITE = r"(?:nhan|gui|goi|lien lac|lam phien|spam)\b"

VIETNAMESE = Language(
    requests=(
        (
            "đung ngung dung thoi",
            (rf"(?: co| viec)? (?:{_WRITE[:-2]}) (?:tin|nua|cho|sms|toi|them)\b", r" lam phien\b"),
        ),
        ("huy", (r" (?:[đd]ang ky|nhan tin|dich vu|theo doi)\b",)),
        ("khong", (r" (?:muon|can) nhan\b", rf" {_WRITE}(?: \w+){{0,3}} nua\b", r" dong y\b")),
        ("xoa", (r" (?:so|ten|toi)\b(?: \w+){0,3}",)),
        ("nham sai lon", (rf" so(?: [đd]ien thoai)?(?: roi)?{END}",)),
    ),
    clear=r"dung lai|dung|ngung lai|ngung|tu choi|huy [đd]ang ky",
    vague=r"huy|thoat|ket thuc",
    polite=r"lam on|cam on|xin|vui long|xin chao|ngay|a",
    held=r"khong quan tam|khong can|thoi",
)
