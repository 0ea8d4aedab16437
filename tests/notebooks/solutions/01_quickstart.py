"""Solutions of notebooks/01_quickstart.ipynb and its Chinese twin."""

SOLUTIONS = {
    "exercise-1": """
stripes = np.zeros((120, 200, 3), dtype="uint8")
stripes[:, ::20] = (0, 158, 115)
mine = omni.ask("What is this?", image=stripes, show=False)
""",
    "exercise-2": """
short = omni.ask("Who are you?", voice="Ethan", max_tokens=12, show=False)
""",
}
