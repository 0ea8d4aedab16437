/** The modules that tools/words.mjs makes: a section of omni_nb/words/*.json, by language. */

declare module "words:player" {
  export type Words = (typeof import("../omni_nb/words/en.json"))["player"];
  const words: Record<string, Words>;
  export default words;
}

declare module "words:composer" {
  export type Words = (typeof import("../omni_nb/words/en.json"))["composer"];
  const words: Record<string, Words>;
  export default words;
}

declare module "words:conversation" {
  export type Words = (typeof import("../omni_nb/words/en.json"))["conversation"];
  const words: Record<string, Words>;
  export default words;
}

declare module "words:settings_form" {
  export type Words = (typeof import("../omni_nb/words/en.json"))["settings_form"];
  const words: Record<string, Words>;
  export default words;
}
