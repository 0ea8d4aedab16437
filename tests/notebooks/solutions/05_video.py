"""Solutions of notebooks/05_video.ipynb."""

SOLUTIONS = {
    "exercise-1": """
cheaper = omni.frames("bounce.mp4", count=8)
""",
    "exercise-2": """
brightest = flash.mean(axis=(1, 2, 3)).argmax()
caught = omni.frames(flash[brightest - 6 : brightest + 8 : 2])
""",
    "exercise-3": """
across = np.linspace(0, 10, 200)
steps = []
for shift in np.linspace(0, 3, 8):
    fig, ax = plt.subplots(figsize=(3, 2))
    ax.plot(across, np.sin(across - shift))
    plt.close(fig)
    steps.append(fig)
""",
}
