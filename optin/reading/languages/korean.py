"""Korean: "수신거부", "그만 보내세요"; its words bend at their ends, so their beginnings are looked for. Pure."""

from optin.reading.languages.language import Language, folded

KOREAN = Language(
    clear=folded("그만", "그만해", "그만하세요", "중지", "정지", "거부", "해지", "스톱", "수신거부"),
    vague=folded("취소", "삭제", "탈퇴"),
    polite=folded("제발", "감사합니다", "부탁드립니다", "부탁합니다", "안녕하세요"),
    held=folded("관심 없습니다", "관심 없어요", "관심없어요", "됐어요", "됐습니다"),
    anywhere=folded(
        "수신거부", "수신 거부", "수신을 거부", "구독취소", "구독 취소", "구독 해지", "구독해지",
        "보내지 마", "보내지마",
        "보내지 말", "연락하지 마", "연락하지마", "연락하지 말", "문자하지 마", "그만 보내",
        "그만보내", "번호 삭제", "번호를 삭제",
        "번호 지워", "번호를 지워", "잘못 보내", "번호 잘못", "잘못된 번호", "받고 싶지 않", "받고싶지 않",
    ),
)  # fmt: skip
