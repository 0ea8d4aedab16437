"""Solutions of the exercises of ``notebooks/03_images.ipynb``."""

SOLUTIONS = {
    "exercise-1": """
mine = omni.ask("Here is a face:", face, "and here a valley:", landscape, show=False)
""",
    "exercise-2": """
sides = np.arange(100, 2000)
side = sides[omni.image_tokens(sides, sides, model="qwen-omni-turbo").tokens <= 300].max()
""",
    "exercise-3": """
one = np.zeros((1080, 1920), "uint8")
photos = 10 // omni.estimate(image=one, region="beijing").cost.total
""",
}
