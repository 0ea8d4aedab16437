"""Ask about sounds of many channels, in a process of its own: a native crash would end it.

Run with a folder of files; prints a line for each file that was heard through every door.
"""

from __future__ import annotations

import sys
from pathlib import Path

import omni_nb as omni
from omni_nb.media.extract import read_audio


def main(folder: Path) -> None:
    for path in sorted(folder.iterdir()):
        is_video = path.suffix == ".mkv"
        kind = "video" if is_video else "audio"
        part = getattr(omni, kind)(path)
        assert read_audio(part.source).seconds > 0.9
        assert "data:image" in part._repr_mimebundle_()["text/html"]
        made = omni.shrink(part, max_seconds=0.5, say=str)
        assert read_audio(made.source).seconds < 0.6
        if is_video:
            assert len(omni.frames(path, count=2).images) == 2
        reply = omni.ask("What is heard?", **{kind: path}, show=False)
        print(path.name, "silent" if "silent" in reply.text else "heard", flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
