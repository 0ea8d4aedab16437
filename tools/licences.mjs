/** @file List the licences of the npm packages that a build contains: their terms ask to be shipped with it. */
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const LINE = "=".repeat(78);
const PACKAGE_FOLDER = /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//;
const LICENCE_FILE = /^(?:licen[cs]e|notice|copying)/i;

/** @typedef {import("esbuild").Metafile} Metafile */

/**
 * @param {Metafile} metafile
 * @param {string} outputName "panel.js"
 * @returns {string[]} the folders of the packages of which something is in the output, sorted
 */
export function bundledFolders(metafile, outputName) {
  const output = Object.entries(metafile.outputs).find(([path]) => path.split("/").at(-1) === outputName)?.[1];
  if (!output) {
    const names = Object.keys(metafile.outputs).join(", ");
    throw new Error(`The build has no ${outputName}, only ${names}. Name one of these.`);
  }
  const used = Object.entries(output.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
  const folders = used.map(([path]) => PACKAGE_FOLDER.exec(path)?.[1]).filter((folder) => folder !== undefined);
  return [...new Set(folders)].sort();
}

/**
 * @param {string} folder of a package
 * @returns {string} its name, version and licence in full
 */
export function licenceOf(folder) {
  const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const files = readdirSync(folder).filter((file) => LICENCE_FILE.test(file)).sort();
  if (files.length === 0) {
    throw new Error(`${name} ${version} (${license}) has no licence file in ${folder}: bundle a package that has one.`);
  }
  const texts = files.map((file) => readFileSync(join(folder, file), "utf8").replaceAll("\r\n", "\n").trim());
  return [LINE, `${name} ${version} (${license.replace(/^\(|\)$/g, "")})`, LINE, "", texts.join("\n\n"), ""].join("\n");
}

/**
 * @param {Metafile} metafile
 * @param {string} outputName
 * @param {string} root where esbuild ran
 * @returns {string}
 */
export function licencesText(metafile, outputName, root) {
  const folders = bundledFolders(metafile, outputName);
  const head = `${outputName} contains the following packages; tools/licences.mjs wrote this list.\n`;
  return [head, ...folders.map((folder) => licenceOf(join(root, folder)))].join("\n");
}
