// The AI SDK, which checks every chunk against a schema: a chunk that does not fit is an error.
// A question: {model, system, prompt | messages, options, behaviour, stopAfter}; `stopAfter` counts
// parts. Audio has no part of its own: it is among the raw chunks.
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { streamText } from "ai";
import { answerLines, told } from "./lines.mjs";

const service = createOpenAICompatible({
  name: "dashscope",
  apiKey: process.env.DASHSCOPE_API_KEY,
  baseURL: process.env.DASHSCOPE_BASE_URL,
  includeUsage: true,
});

await answerLines(async ({ model, system, prompt, messages, options, behaviour, stopAfter }) => {
  const ending = new AbortController();
  const result = streamText({
    model: service(model),
    system,
    prompt,
    messages,
    providerOptions: { dashscope: options ?? {} },
    headers: behaviour ? { "x-omni-behaviour": behaviour } : {},
    abortSignal: ending.signal,
    includeRawChunks: true,
    maxRetries: 0,
    onError: () => {},
  });
  const heard = { parts: {}, text: "", reasoning: "", raw: [], errors: [] };
  try {
    await hear(result.fullStream, heard, (count) => count === stopAfter && ending.abort());
  } catch (error) {
    heard.errors.push(toldAny(error));
  }
  return heard;
});

/**
 * @param {AsyncIterable<any>} parts
 * @param {any} heard
 * @param {(count: number) => void} look
 */
async function hear(parts, heard, look) {
  let count = 0;
  for await (const part of parts) {
    heard.parts[part.type] = (heard.parts[part.type] ?? 0) + 1;
    if (part.type === "text-delta") heard.text += part.text;
    if (part.type === "reasoning-delta") heard.reasoning += part.text;
    if (part.type === "raw") heard.raw.push(part.rawValue);
    if (part.type === "error") heard.errors.push(toldAny(part.error));
    if (part.type === "finish") {
      heard.finishReason = part.finishReason;
      heard.usage = part.totalUsage;
    }
    look(++count);
  }
}

/** @param {any} error */
function toldAny(error) {
  if (!(error instanceof Error)) return { message: String(error.message ?? error) };
  return { ...told(error), isRetryable: error.isRetryable ?? null };
}
