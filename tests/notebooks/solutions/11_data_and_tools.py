"""Solutions of the exercises of ``notebooks/11_data_and_tools.ipynb``."""

SOLUTIONS = {
    "exercise-1": """
@dataclass
class Picture:
    width: int
    height: int
    colors: list[str]


described = omni.ask("What is in it?", image=weather, model=MODEL, response_format=Picture)
""",
    "exercise-2": """
def longest_clip() -> dict:
    "The row of the longest clip."
    return max(table, key=lambda row: row["seconds"])


found = omni.ask("Use longest_clip: which is it?", model=MODEL, tools=[longest_clip], show=False)
""",
}
