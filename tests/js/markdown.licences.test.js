import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { bundledFolders, licenceOf, licencesText } from "../../tools/licences.mjs";

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
const { metafile } = await build({
  absWorkingDir: ROOT,
  entryPoints: ["js/markdown/markdown.js"],
  bundle: true,
  format: "esm",
  metafile: true,
  write: false,
  outdir: "build",
});

test("every package in the bundle comes with its licence in full", () => {
  const text = licencesText(metafile, "markdown.js", ROOT);
  for (const name of ["dompurify", "highlight.js", "linkify-it", "markdown-it", "temml"]) {
    assert.match(text, new RegExp(`^${name.replace(".", "\\.")} \\d+\\.\\d+\\.\\d+ \\(`, "m"));
  }
  assert.match(text, /Mozilla Public License Version 2\.0/);
  assert.equal(text.match(/^=+\n\S+ \d/gm)?.length, bundledFolders(metafile, "markdown.js").length);
});

test("the licences do not say where they were written", () => {
  assert.ok(!licencesText(metafile, "markdown.js", ROOT).includes(ROOT));
});

test("a package without a licence and a build without the file are refused in words", () => {
  assert.throws(() => bundledFolders(metafile, "other.js"), /no other\.js, only build\/markdown\.js/);
  const folder = mkdtempSync(join(tmpdir(), "omni-"));
  writeFileSync(join(folder, "package.json"), '{"name": "x", "version": "1.0.0", "license": "MIT"}');
  assert.throws(() => licenceOf(folder), /x 1\.0\.0 \(MIT\) has no licence file/);
});
