// The documented flow of tools, as its example for Node.js has it: the pieces of each call are
// put together by their index, the results go back, and the second answer is in words.
// stdin: {request, results, behaviour}; `results` is what the tools return, by their names.
import OpenAI from "openai";

const { request, results, behaviour } = JSON.parse(await new Response(process.stdin).text());
const openai = new OpenAI({
  apiKey: process.env.DASHSCOPE_API_KEY,
  baseURL: process.env.DASHSCOPE_BASE_URL,
  maxRetries: 0,
  defaultHeaders: { "x-omni-behaviour": behaviour },
});

async function asked(messages) {
  const calls = [];
  let content = "", finish = null, usage = null;
  for await (const chunk of await openai.chat.completions.create({ ...request, messages })) {
    usage = chunk.usage ?? usage;
    const choice = chunk.choices[0];
    if (!choice) continue;
    finish = choice.finish_reason ?? finish;
    content += choice.delta.content ?? "";
    for (const piece of choice.delta.tool_calls ?? []) {
      const call = (calls[piece.index] ??= { id: "", type: "function", index: piece.index,
        function: { name: "", arguments: "" } });
      call.id ||= piece.id ?? "";
      call.function.name ||= piece.function?.name ?? "";
      call.function.arguments += piece.function?.arguments ?? "";
    }
  }
  return { content, calls, finish, usage };
}

const messages = [...request.messages];
const called = await asked(messages);
messages.push({ role: "assistant", content: called.content, tool_calls: called.calls });
for (const { id, function: { name } } of called.calls) {
  messages.push({ role: "tool", tool_call_id: id, content: results[name] });
}
console.log(JSON.stringify({ called, told: await asked(messages) }));
