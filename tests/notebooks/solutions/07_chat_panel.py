"""Solutions of the exercises of ``notebooks/07_chat_panel.ipynb`` and of its Chinese twin."""

SOLUTIONS = {
    "exercise-1": """
mine = omni.Chat(budget=omni.CNY("0.20")).panel()
mine
""",
    "exercise-2": """
chat.edit(0, "Who is speaking here?", in_place=True, show=False)
""",
    "exercise-3": """
page = other.export("page.html")
""",
}
