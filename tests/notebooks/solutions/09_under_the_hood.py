"""Solutions of notebooks/09_under_the_hood.ipynb."""

SOLUTIONS = {
    "exercise-1": """
durations = [len(data) // 4 * 3 / 2 / 24_000 for _, data in pieces]
""",
    "exercise-2": """
seconds_of_speech = len(speech) / 48_000
tokens_per_second = usage["completion_tokens_details"]["audio_tokens"] / seconds_of_speech
""",
    "exercise-3": """
def decode_any(pieces):
    rest = ""
    for piece in pieces:
        rest += piece
        whole = len(rest) // 4 * 4
        yield base64.b64decode(rest[:whole])
        rest = rest[whole:]
""",
}
