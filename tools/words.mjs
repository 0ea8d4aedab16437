/**
 * @file Serve the sections of omni_nb/words/*.json as modules: `import words from "words:player"` gives that
 * section by language, `{en: {…}, zh: {…}}`. esbuild takes `wordsPlugin`; Node takes this file itself as its
 * loader hooks (tests/js/words_loader.mjs). So another language is another json file, and a bundle holds only
 * the sections that it imports.
 */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const SCHEME = "words:";
const FOLDER = fileURLToPath(new URL("../omni_nb/words", import.meta.url));

/**
 * @param {string} section "player"
 * @param {string} [folder] with the json files
 * @returns {string} JSON: that section in every language
 */
export function readSection(section, folder = FOLDER) {
  const files = readdirSync(folder).filter((file) => file.endsWith(".json")).sort();
  const sections = files.map((file) => {
    const words = JSON.parse(readFileSync(join(folder, file), "utf8"))[section];
    if (!words) throw new Error(`${join(folder, file)} has no section ${JSON.stringify(section)}. Add it.`);
    return [file.replace(/\.json$/, ""), words];
  });
  return JSON.stringify(Object.fromEntries(sections));
}

/**
 * @param {string} [folder] with the json files
 * @returns {import("esbuild").Plugin}
 */
export function wordsPlugin(folder) {
  return {
    name: "words",
    setup(build) {
      build.onResolve({ filter: /^words:/ }, ({ path }) => ({ path: path.slice(SCHEME.length), namespace: "words" }));
      build.onLoad({ filter: /.*/, namespace: "words" }, ({ path }) => ({
        contents: readSection(path, folder),
        loader: "json",
      }));
    },
  };
}

/** @type {import("node:module").ResolveHook} */
export function resolve(specifier, context, nextResolve) {
  if (specifier.startsWith(SCHEME)) return { url: specifier, format: "module", shortCircuit: true };
  return nextResolve(specifier, context);
}

/** @type {import("node:module").LoadHook} */
export function load(url, context, nextLoad) {
  if (!url.startsWith(SCHEME)) return nextLoad(url, context);
  return { format: "module", source: `export default ${readSection(url.slice(SCHEME.length))};`, shortCircuit: true };
}
