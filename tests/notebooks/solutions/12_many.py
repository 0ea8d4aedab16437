"""Solutions of the exercises of ``notebooks/12_many.ipynb``."""

SOLUTIONS = {
    "exercise-1": """
cities = [{"city": name} for name in ("Hangzhou", "Harbin", "Kunming", "Lhasa")]
months = omni.ask_many(
    "In which month is {city} at its best?", rows=cities, into="answers/months", show=False
)
""",
    "exercise-2": """
times = np.arange(int(2 * RATE)) / RATE
mine = omni.AudioClip.from_samples(0.2 * np.sin(2 * np.pi * 660 * times), RATE)
mine.save("calls/mine.wav")
grown = omni.ask_many(
    QUESTION, audio="calls", response_format=Clip, model=MODEL, into="answers/calls"
)
""",
}
