/** @file Build the browser side, js/ → omni_nb/static/. Run: node tools/build.mjs */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { build } from "esbuild";

import { licencesText } from "./licences.mjs";
import { wordsPlugin } from "./words.mjs";

const ROOT = fileURLToPath(new URL("..", import.meta.url));

/**
 * @param {string} outdir
 * @param {string} [wordsFolder] with the json files, by default those of the package
 */
export async function buildInto(outdir, wordsFolder) {
  /** @type {import("esbuild").BuildOptions} */
  const options = {
    absWorkingDir: ROOT,
    outdir,
    bundle: true,
    format: "esm",
    target: "es2022",
    charset: "utf8",
    plugins: [wordsPlugin(wordsFolder)],
  };
  await build({ ...options, entryPoints: ["js/player.js", "js/player.css", "js/filedrop.js", "js/filedrop.css", "js/doctor.js", "js/many.js", "js/many.css"] });
  const { metafile } = await build({
    ...options,
    entryPoints: ["js/panel.js", "js/panel.css"],
    minify: true,
    legalComments: "none",
    metafile: true,
  });
  writeFileSync(join(outdir, "panel.licences.txt"), licencesText(metafile, "panel.js", ROOT));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildInto(join(ROOT, "omni_nb", "static"));
