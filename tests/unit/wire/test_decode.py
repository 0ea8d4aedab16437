"""Bytes → chunks → events: the same events however the stream is cut."""

from __future__ import annotations

import base64
import io
import json
import wave

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from omni_nb.errors import ServiceError
from omni_nb.rules.pricing import Usage
from omni_nb.wire.decode import Decoder, SSEDecoder
from omni_nb.wire.events import (
    AudioDelta,
    Finished,
    ReasoningDelta,
    TextDelta,
    TranscriptDelta,
    UsageReport,
)

PCM = bytes(range(256)) * 8
USAGE = {"prompt_tokens": 3, "completion_tokens": 4, "total_tokens": 7}


def delta(**fields) -> dict:
    return {"choices": [{"delta": fields, "index": 0, "finish_reason": None}], "usage": None}


def audio(data: bytes | str) -> dict:
    text = data if isinstance(data, str) else base64.b64encode(data).decode()
    return delta(audio={"data": text, "expires_at": 1, "id": "audio_1"})


def wav(pcm: bytes) -> bytes:
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((1, 2, 24000, 0, "NONE", ""))
        writer.writeframes(pcm)
    return file.getvalue()


def sse(chunks: list[dict], end: str = "\n") -> bytes:
    lines = [f"data: {json.dumps(chunk, ensure_ascii=False)}{end}{end}" for chunk in chunks]
    return "".join([*lines, f"data: [DONE]{end}{end}"]).encode()


def events_of(pieces) -> list:
    lines, decoder, events = SSEDecoder(), Decoder(), []
    for piece in pieces:
        for chunk in lines.decode(piece):
            events += decoder.decode(chunk)
    for chunk in lines.flush():
        events += decoder.decode(chunk)
    assert lines.is_done
    return merged([*events, *decoder.flush()])


def merged(events) -> list:
    """Join neighbouring speech: where it is cut is nobody's business."""
    joined: list = []
    for event in events:
        if isinstance(event, AudioDelta) and joined and isinstance(joined[-1], AudioDelta):
            joined[-1] = AudioDelta(joined[-1].pcm + event.pcm)
        else:
            joined.append(event)
    return joined


ANSWER = [
    {"choices": [{"delta": {"role": "assistant", "content": ""}, "finish_reason": None}]},
    delta(audio={"transcript": "你好, naïve 🙂 \u2028 world"}),
    audio(PCM),
    {"choices": [{"delta": {"content": ""}, "finish_reason": "stop"}], "usage": None},
    {"choices": [], "usage": USAGE},
]
EXPECTED = [
    TranscriptDelta("你好, naïve 🙂 \u2028 world"),
    AudioDelta(PCM),
    Finished("stop"),
    UsageReport(Usage(input_total=3, output_total=4), USAGE),
]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 10**6])
def test_the_cut_of_the_bytes_does_not_matter(size, end):
    stream = sse(ANSWER, end)
    assert events_of(stream[i : i + size] for i in range(0, len(stream), size)) == EXPECTED


@settings(deadline=None)
@given(st.lists(st.integers(0, len(sse(ANSWER))), max_size=30))
def test_any_cut_of_the_bytes_gives_the_same_events(cuts):
    stream, places = sse(ANSWER), [0, *sorted(cuts)]
    pieces = [stream[a:b] for a, b in zip(places, [*places[1:], None], strict=True)]
    assert events_of(pieces) == EXPECTED


def modality(name: str, content: str | bytes, finish: str | None = None, **fields) -> dict:
    """A chunk of vLLM-Omni."""
    text = content if isinstance(content, str) else base64.b64encode(content).decode()
    return {
        "modality": name,
        "choices": [{"index": 0, "delta": {"content": text}, "finish_reason": finish}],
        **fields,
    }


VLLM_USAGE = {"prompt_tokens": 9, "completion_tokens": 40, "total_tokens": 49}
OPENAI = [
    {"choices": [{"delta": {"role": "assistant", "refusal": None}}]},
    {"choices": [{"delta": {"content": None, "audio": {"id": "audio_6", "transcript": "Hi"}}}]},
    {"choices": [{"delta": {"audio": {"transcript": " there"}}}]},
    {
        "choices": [
            {
                "delta": {
                    "role": "assistant",
                    "content": None,
                    "refusal": None,
                    "audio": {"id": "audio_6", "data": base64.b64encode(PCM[:999]).decode()},
                }
            }
        ]
    },
    {"choices": [{"delta": {"audio": {"data": base64.b64encode(PCM[999:]).decode()}}}]},
    {"choices": [{"delta": {"audio": {"expires_at": 1757647879}}}]},
]
VLLM = [
    modality("text", ""),
    modality("text", "Hi there"),
    modality("text", "", "stop"),
    modality("audio", wav(PCM[:1000]), "stop", usage={**VLLM_USAGE, "completion_tokens": 20}),
    modality("audio", wav(PCM[1000:]), "stop", usage=VLLM_USAGE),
]
VLLM_NEXT = [
    modality("text", "Hi there"),
    modality("audio", wav(b"")[:40] + b"\xff\xff\xff\xff" + PCM[:1000]),
    modality("audio", PCM[1000:]),
    modality("text", "", "stop", usage=VLLM_USAGE),
]
SGLANG = [
    {"choices": [{"delta": {"role": "assistant", "content": "Hi there"}}]},
    audio(wav(PCM[:1000])),
    audio(wav(PCM[1000:])),
    {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": VLLM_USAGE},
]
END = [Finished("stop"), UsageReport(Usage(input_total=9, output_total=40), VLLM_USAGE)]
SERVERS = [
    pytest.param(OPENAI, [AudioDelta(PCM)], id="openai"),
    pytest.param(VLLM, [TextDelta("Hi there"), AudioDelta(PCM), *END], id="vllm-omni"),
    pytest.param(VLLM_NEXT, [TextDelta("Hi there"), AudioDelta(PCM), *END], id="vllm-omni next"),
    pytest.param(SGLANG, [TextDelta("Hi there"), AudioDelta(PCM), *END], id="sglang-omni"),
]


@pytest.mark.parametrize(("chunks", "expected"), SERVERS)
@pytest.mark.parametrize("size", [1, 3, 64, 10**6])
def test_other_servers_are_known_by_the_shape_of_their_chunks(chunks, expected, size):
    stream = sse(chunks)
    heard = events_of(stream[i : i + size] for i in range(0, len(stream), size))
    assert [e for e in heard if not isinstance(e, TranscriptDelta)] == expected
    transcript = [e.text for e in heard if isinstance(e, TranscriptDelta)]
    assert transcript == (["Hi", " there"] if chunks is OPENAI else [])


@settings(deadline=None)
@given(st.data())
def test_any_cut_of_another_servers_bytes_gives_the_same_events(data):
    chunks = data.draw(st.sampled_from([OPENAI, VLLM, VLLM_NEXT, SGLANG]))
    stream = sse(chunks)
    cuts = data.draw(st.lists(st.integers(0, len(stream)), max_size=30))
    assert events_of(cut(stream, cuts)) == events_of([stream])


@given(st.lists(st.integers(0, len(PCM) // 2).map(lambda n: n * 2), max_size=20), st.booleans())
def test_vllms_speech_is_the_same_with_a_header_in_each_piece_or_the_first(cuts, is_each):
    first, *others = cut(PCM, cuts)
    chunks = [modality("audio", wav(first))]
    chunks += [modality("audio", wav(piece) if is_each else piece) for piece in others]
    assert b"".join(e.pcm for e in events_of([sse(chunks)])) == PCM


def test_a_finish_reason_of_one_modality_is_not_the_end_of_the_answer():
    decoder = Decoder()
    live = [event for chunk in VLLM for event in decoder.decode(chunk)]
    assert not any(isinstance(event, (Finished, UsageReport)) for event in live)
    assert list(decoder.flush()) == END
    assert list(decoder.flush()) == []


def test_an_answer_that_was_cut_short_is_not_called_finished_by_its_speech():
    decoder = Decoder()
    for chunk in [modality("text", "Hi", "length"), modality("audio", wav(PCM), "stop")]:
        list(decoder.decode(chunk))
    assert list(decoder.flush()) == [Finished("length")]


def test_a_usage_of_the_whole_answer_takes_the_place_of_one_so_far():
    decoder = Decoder()
    list(decoder.decode(VLLM[3]))
    (last,) = decoder.decode({"choices": [], "usage": USAGE})
    assert last.usage.total == 7
    assert list(decoder.flush()) == [Finished("stop")]


def test_text_that_looks_like_base64_is_text_where_the_modality_is_text():
    assert list(Decoder().decode(modality("text", "UklGRg=="))) == [TextDelta("UklGRg==")]


def test_speech_that_is_converted_has_its_last_samples_at_the_end():
    decoder = Decoder()
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setparams((2, 2, 48000, 0, "NONE", ""))
        writer.writeframes(bytes(4 * 4800))
    live = list(decoder.decode(modality("audio", file.getvalue())))
    assert sum(len(event.pcm) for event in [*live, *decoder.flush()]) == 2 * 2400


def test_speech_in_mp3_is_an_error_that_says_so():
    with pytest.raises(ServiceError, match="MP3") as caught:
        list(Decoder().decode(audio(b"ID3\x04\x00\x00\x00\x00\x00\x00")))
    assert "wav" in caught.value.advice


def speech(pieces) -> bytes:
    return b"".join(e.pcm for e in events_of([sse([audio(p) for p in pieces])]) if e)


def cut(data, places):
    places = [0, *sorted(places)]
    return [data[a:b] for a, b in zip(places, [*places[1:], None], strict=True)]


places = st.lists(st.integers(0, len(PCM)), max_size=40)


@given(places)
def test_pieces_that_carry_their_own_padding_are_whole(cuts):
    assert speech(cut(PCM, cuts)) == PCM


@given(st.lists(st.integers(0, len(base64.b64encode(PCM))), max_size=40))
def test_base64_cut_inside_a_quartet_is_put_together(cuts):
    assert speech(cut(base64.b64encode(PCM).decode(), cuts)) == PCM


@given(st.lists(st.integers(0, len(PCM) // 2).map(lambda n: n * 2), max_size=20))
def test_a_wav_header_in_every_piece_is_dropped(cuts):
    assert speech([wav(piece) for piece in cut(PCM, cuts)]) == PCM


@given(places, st.binary(max_size=3))
def test_odd_pieces_make_whole_samples(cuts, extra):
    data = PCM + extra
    for event in events_of([sse([audio(p) for p in cut(data, cuts)])]):
        assert len(event.pcm) % 2 == 0
    assert speech(cut(data, cuts)) == data[: len(data) - len(data) % 2]


def test_padding_that_is_missing_or_misplaced_is_forgiven():
    whole = base64.b64encode(b"abcd").decode()
    assert speech([whole.rstrip("=")]) == b"abcd"
    assert speech([whole + whole]) == b"abcdabcd"
    assert speech([whole[:3], whole[3:-1], "="]) == b"abcd"
    assert speech(["\n".join(whole)]) == b"abcd"


@pytest.mark.parametrize("length", [0, 0xFFFFFFFF])
def test_a_streamed_header_that_does_not_know_its_length_is_dropped(length):
    header = bytearray(wav(b"")[:44])
    header[40:44] = length.to_bytes(4, "little")
    assert speech([bytes(header) + PCM, PCM]) == PCM + PCM


def test_chunks_after_the_speech_in_a_wav_are_dropped():
    assert speech([wav(PCM) + b"LIST\x04\x00\x00\x00abcd"]) == PCM


def test_a_piece_that_is_only_a_cut_header_gives_nothing():
    assert speech([wav(PCM)[:30]]) == b""


def test_both_generations_of_text_and_thinking_are_told_apart():
    assert list(Decoder().decode(delta(content="a", reasoning_content="b"))) == [
        ReasoningDelta("b"),
        TextDelta("a"),
    ]
    assert list(Decoder().decode(delta(content=None, audio={"transcript": "a"}))) == [
        TranscriptDelta("a")
    ]


def test_usage_in_the_last_choice_counts():
    chunk = {"choices": [{"delta": {}, "finish_reason": "stop"}], "usage": USAGE}
    finished, usage = Decoder().decode(chunk)
    assert finished == Finished("stop")
    assert isinstance(usage, UsageReport)


@pytest.mark.parametrize(
    "frame",
    [
        {"error": {"code": "limit", "message": "slow down", "type": "t"}, "request_id": "r1"},
        {"code": "limit", "message": "slow down", "request_id": "r1"},
    ],
)
def test_an_error_inside_the_stream_is_the_services_own(frame):
    with pytest.raises(ServiceError) as caught:
        events_of([sse([frame])])
    assert (caught.value.message, caught.value.code) == ("slow down", "limit")
    assert caught.value.request_id == "r1"


@pytest.mark.parametrize("body", ["{", "[1]", "null", '"text"'])
def test_a_chunk_that_is_no_object_is_an_error_of_ours(body):
    with pytest.raises(ServiceError, match="The service sent a chunk"):
        list(SSEDecoder().decode(f"data: {body}\n\n".encode()))


@pytest.mark.parametrize(
    "chunk",
    [
        {"choices": 3},
        {"choices": ["x"]},
        {"choices": [{"delta": [1]}]},
        {"choices": [{"delta": {"content": 5}}]},
        {"choices": [{"delta": {"audio": "x"}}]},
    ],
)
def test_a_chunk_of_another_shape_is_an_error_of_ours(chunk):
    with pytest.raises(ServiceError, match="unknown shape"):
        list(Decoder().decode(chunk))


def test_audio_that_is_not_base64_is_an_error_of_ours():
    with pytest.raises(ServiceError, match="not base64"):
        list(Decoder().decode(audio("!!!!")))


@pytest.mark.parametrize(
    "chunk", [{}, {"choices": None}, {"choices": [{}]}, {"choices": [{"delta": None}]}]
)
def test_an_empty_chunk_says_nothing(chunk):
    assert list(Decoder().decode(chunk)) == []


def test_comments_names_and_empty_data_are_passed_over():
    lines = SSEDecoder()
    stream = b': ping\n\nevent: ping\ndata:\n\nid: 3\nretry: 9\ndata:{"a":1}\n\n'
    assert list(lines.decode(stream)) == [{"a": 1}]
    assert not lines.is_done


def test_data_over_two_lines_is_one_chunk():
    assert list(SSEDecoder().decode(b'data: {"a":\ndata: 1}\n\n')) == [{"a": 1}]


def test_an_event_without_its_blank_line_counts_at_the_end():
    lines = SSEDecoder()
    assert list(lines.decode(b'data: {"a": 1}')) == []
    assert list(lines.flush()) == [{"a": 1}]
    assert list(lines.flush()) == []


def test_nothing_counts_after_done():
    lines = SSEDecoder()
    assert list(lines.decode(b'data: [DONE]\n\ndata: {"a": 1}\n\n')) == []
    assert lines.is_done
