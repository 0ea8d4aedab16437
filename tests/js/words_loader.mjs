/** @file Let Node load `words:…` modules. Run: node --import ./tests/js/words_loader.mjs --test FILE */
import { register } from "node:module";

register("../../tools/words.mjs", import.meta.url);
