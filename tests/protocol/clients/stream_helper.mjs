// The stream helper of the Node SDK: it puts the chunks together and calls back what happens.
// A question: {request, behaviour, stopAfter, stop: "abort" | "break"}; `stopAfter` counts chunks.
import OpenAI from "openai";
import { answerLines, told } from "./lines.mjs";

const EVENTS = [
  "connect", "content.delta", "content.done", "refusal.delta", "chatCompletion", "message",
  "finalContent", "finalMessage", "finalChatCompletion", "totalUsage", "error", "abort", "end",
];
const openai = new OpenAI({
  apiKey: process.env.DASHSCOPE_API_KEY,
  baseURL: process.env.DASHSCOPE_BASE_URL,
  maxRetries: 0,
});

await answerLines(async ({ request, behaviour, stopAfter = Infinity, stop }) => {
  const headers = behaviour ? { "x-omni-behaviour": behaviour } : {};
  const stream = openai.chat.completions.stream(request, { headers });
  const heard = { pieces: [], snapshot: "", chunks: 0, events: {} };
  for (const name of EVENTS) {
    stream.on(name, () => (heard.events[name] = (heard.events[name] ?? 0) + 1));
  }
  stream.on("content", (piece, snapshot) => {
    heard.pieces.push(piece);
    heard.snapshot = snapshot;
  });
  stream.on("chunk", () => {
    heard.chunks += 1;
    if (stop === "abort" && heard.chunks === stopAfter) stream.abort();
  });
  try {
    if (stop === "break") {
      let count = 0;
      for await (const _ of stream) if (++count === stopAfter) break;
      return heard;
    }
    heard.completion = await stream.finalChatCompletion();
    heard.content = await stream.finalContent();
    heard.usage = await stream.totalUsage();
  } catch (error) {
    heard.error = { ...told(error), isAbort: error instanceof OpenAI.APIUserAbortError };
  }
  return heard;
});
