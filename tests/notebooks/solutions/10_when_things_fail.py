"""Solutions of the exercises of ``notebooks/10_when_things_fail.ipynb``."""

SOLUTIONS = {
    "exercise-1": """
def keep(chat, question):
    try:
        return chat.ask(question, show=False)
    except omni.ServiceError as error:
        return error.reply
""",
    "exercise-2": """
def first_words(chat, question, characters):
    with chat.stream(question) as stream:
        for _ in stream:
            if len(stream.reply.text) >= characters:
                break
    return stream.reply
""",
    "exercise-3": """
thrifty = practice()
thrifty.budget = thrifty.estimate(QUESTION, answer_seconds=4).cost.money
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    thrifty.ask(QUESTION, show=False)
""",
}
