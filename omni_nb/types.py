"""Types for annotations and ``isinstance``, of values that functions return.

>>> from omni_nb.types import Reply
>>> import omni_nb as omni
>>> isinstance(omni.ask("Who are you?", show=False), Reply)
True
"""

from omni_nb.errors import OptionError
from omni_nb.many.results import Result
from omni_nb.many.run import Progress, RunEstimate
from omni_nb.media.audio import AudioPart, AudioURLPart
from omni_nb.media.captions import Captions, Cue
from omni_nb.media.image import ImagePart, ImageURLPart
from omni_nb.media.parts import Part, TextPart
from omni_nb.media.video import FramesPart, VideoPart, VideoURLPart
from omni_nb.rules.catalog import ModelFacts, ModelTable
from omni_nb.rules.estimate import Comparison, Estimate
from omni_nb.rules.formats import AnswerFormat
from omni_nb.rules.money import Money
from omni_nb.rules.pricing import Cost
from omni_nb.rules.tools import Tool
from omni_nb.rules.weigh import Weight
from omni_nb.turns.account import Account
from omni_nb.turns.connection import Connection
from omni_nb.turns.reply import Reply
from omni_nb.turns.round import Round
from omni_nb.turns.stream import ReplyStream
from omni_nb.turns.timing import Arrival, Heard, Timing
from omni_nb.turns.tool_results import ToolCall
from omni_nb.turns.trim import TrimReport
from omni_nb.wire.events import (
    AudioDelta,
    Event,
    Finished,
    ReasoningDelta,
    TextDelta,
    ToolCallDelta,
    TranscriptDelta,
    UsageReport,
)
from omni_nb.wire.request import Request

__all__ = [
    "Account",
    "AnswerFormat",
    "Arrival",
    "AudioDelta",
    "AudioPart",
    "AudioURLPart",
    "Captions",
    "Comparison",
    "Connection",
    "Cost",
    "Cue",
    "Estimate",
    "Event",
    "Finished",
    "FramesPart",
    "Heard",
    "ImagePart",
    "ImageURLPart",
    "ModelFacts",
    "ModelTable",
    "Money",
    "OptionError",
    "Part",
    "Progress",
    "ReasoningDelta",
    "Reply",
    "ReplyStream",
    "Request",
    "Result",
    "Round",
    "RunEstimate",
    "TextDelta",
    "TextPart",
    "Timing",
    "Tool",
    "ToolCall",
    "ToolCallDelta",
    "TranscriptDelta",
    "TrimReport",
    "UsageReport",
    "VideoPart",
    "VideoURLPart",
    "Weight",
]
