// Answer each line of JSON on stdin with a line of JSON, until there is no more.
import { createInterface } from "node:readline";

/** @param {(question: any) => Promise<unknown>} answer */
export async function answerLines(answer) {
  for await (const line of createInterface({ input: process.stdin })) {
    process.stdout.write(JSON.stringify(await answer(JSON.parse(line))) + "\n");
  }
}

/**
 * What went wrong, as a program would show it.
 * @param {any} error
 */
export function told(error) {
  const { name, message, code = null } = error;
  return { name, message, code, status: error.status ?? error.statusCode ?? null };
}
