"""Solutions of the exercises of ``notebooks/02_text_and_speech.ipynb``."""

SOLUTIONS = {
    "exercise-1": """
mine = omni.ask("Tell me in about 3 seconds what a flute is.", voice="Serena", show=False)
""",
    "exercise-2": """
size = spoken.audio.sample_rate // 50
whole = len(spoken.audio.samples) // size * size
blocks = spoken.audio.samples[:whole].reshape(-1, size) / 32768
root_mean_square = np.sqrt((blocks**2).mean(axis=1))
silence = (root_mean_square < root_mean_square.max() / 100).mean()
""",
    "exercise-3": """
small = spoken.audio.to_opus(12_000)
""",
}
