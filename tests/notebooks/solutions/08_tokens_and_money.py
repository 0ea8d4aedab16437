"""Solutions of the exercises of ``notebooks/08_tokens_and_money.ipynb`` and its Chinese twin."""

SOLUTIONS = {
    "exercise-1": """
costly = omni.estimate(asked, image=photo, voice="Cherry", answer_seconds=30)
lighter = omni.estimate(asked, image=photo, answer_tokens=150)
""",
    "exercise-2": """
sound = (np.zeros(160_000), 16_000)
one = omni.estimate(
    "Write down what you hear.",
    audio=sound,
    model="qwen3-omni-flash",
    answer_tokens=200,
    region="beijing",
)
dictation = omni.CNY(one.cost.total * 25 * 12)
""",
    "exercise-3": """
chat = omni.Chat(voice="Cherry", budget=omni.CNY("0.0025"))
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    stopped = chat.ask("Tell a story for 20 seconds.", show=False)
""",
}
