"""Solutions of notebooks/04_audio.ipynb."""

SOLUTIONS = {
    "exercise-1": """
hertz = np.linspace(300, 900, 3 * RATE)
siren = 0.5 * np.sin(2 * np.pi * np.cumsum(hertz) / RATE)
""",
    "exercise-2": """
light = omni.audio(omni.AudioClip.from_samples(stereo, 44_100).to_mp3())
""",
    "exercise-3": """
question = "Say what you heard, in 3 seconds."
response = omni.ask(question, audio=reply.audio, voice="Ethan", show=False)
""",
}
