"""Solutions of the exercises of ``notebooks/06_conversations.ipynb``."""

SOLUTIONS = {
    "exercise-1": """
fig, ax = plt.subplots()
ax.plot([1, 3, 2])
plt.close(fig)

mine = omni.Chat()
mine.ask("What does this plot show?", fig, show=False)
mine.ask("And what do you hear?", audio=(melody, rate), show=False);
""",
    "exercise-2": """
light = mine.fork()
light.trim(keep=0)
""",
    "exercise-3": """
mine.save("mine.json")
tomorrow = omni.Chat.load("mine.json")
tomorrow.ask("Where were we?", show=False);
""",
}
