import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";

import { buildInto } from "../../tools/build.mjs";

const WORDS = fileURLToPath(new URL("../../omni_nb/words", import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "omni-"));
after(() => rmSync(folder, { recursive: true }));

const readJson = (path) => JSON.parse(readFileSync(path, "utf8"));
const sentences = (words) => Object.values(words).flatMap((value) => (typeof value === "string" ? [value] : sentences(value)));

/** Chinese words are told apart better: "Done" may stand anywhere in a program. */
const zh = readJson(join(WORDS, "zh.json"));
const PLAYER = sentences(zh.player);
const JAVASCRIPT = ["player", "composer", "conversation", "settings_form"];
const PYTHON = Object.keys(zh).filter((section) => !JAVASCRIPT.includes(section));
const others = (sections) => sections.flatMap((section) => sentences(zh[section])).filter((words) => /\p{Script=Han}/u.test(words));

// A third language beside the two that there are.
cpSync(WORDS, join(folder, "words"), { recursive: true });
const upside = (words) => Object.fromEntries(Object.entries(words).map(([key, value]) => [key, typeof value === "string" ? `¡${value}!` : upside(value)]));
writeFileSync(join(folder, "words", "xx.json"), JSON.stringify(upside(readJson(join(WORDS, "en.json")))));
await buildInto(join(folder, "static"), join(folder, "words"));
const built = (name) => readFileSync(join(folder, "static", name), "utf8");

test("each script holds the words that it says, and no others: the player's go with every answer", () => {
  const holds = (script, words) => words.filter((sentence) => script.includes(JSON.stringify(sentence)));
  assert.deepEqual(holds(built("player.js"), PLAYER), PLAYER);
  const silent = (sections, said) => others(sections).filter((sentence) => !said.includes(sentence));
  assert.deepEqual(holds(built("player.js"), silent([...PYTHON, "composer", "conversation", "settings_form"], PLAYER)), []);
  assert.deepEqual(holds(built("filedrop.js"), others(Object.keys(zh))), []);
  const panel = others(JAVASCRIPT);
  assert.ok(panel.length > 100);
  assert.deepEqual(holds(built("panel.js"), panel), panel);
  assert.deepEqual(holds(built("panel.js"), silent(PYTHON, panel)), []);
});

test("another language is another file: its words are in the scripts that say them", () => {
  for (const [script, sentence] of [["player.js", "¡Thinking…!"], ["panel.js", "¡Drop to attach!"], ["panel.js", "¡Chat with the model!"]]) {
    assert.ok(built(script).includes(sentence), `${sentence} in ${script}`);
  }
});

test("a language file without a section that is used is refused in words", async () => {
  cpSync(WORDS, join(folder, "poor"), { recursive: true });
  writeFileSync(join(folder, "poor", "xx.json"), "{}");
  await assert.rejects(buildInto(join(folder, "none"), join(folder, "poor")), /xx\.json has no section "player"/);
});
