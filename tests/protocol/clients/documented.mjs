// The documentation's Node.js loop (解析输出的Base64 编码的音频数据, 方式1), with the plain SDK.
// In: base URL and key in the environment, the request as JSON on stdin. Out: JSON of what it got.
import OpenAI from "openai";
import { readFileSync } from "node:fs";

const openai = new OpenAI({
  apiKey: process.env.DASHSCOPE_API_KEY,
  baseURL: process.env.DASHSCOPE_BASE_URL,
  maxRetries: 0,
});
const request = JSON.parse(readFileSync(0, "utf8"));

const heard = { chunks: [], audioString: "" };
try {
  const completion = await openai.chat.completions.create(request);
  for await (const chunk of completion) {
    heard.chunks.push(chunk);
    if (Array.isArray(chunk.choices) && chunk.choices.length > 0) {
      if (chunk.choices[0].delta.audio) {
        if (chunk.choices[0].delta.audio["data"]) {
          heard.audioString += chunk.choices[0].delta.audio["data"];
        }
      }
    }
  }
  heard.joined = Buffer.from(heard.audioString, "base64").toString("base64");
} catch (error) {
  heard.error = { status: error.status, code: error.code, message: error.message, requestID: error.requestID };
}
process.stdout.write(JSON.stringify(heard));
