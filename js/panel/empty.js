/** @file Show what can be asked, before anything has been: what the model takes, and three examples. */
import { button, make, setText } from "../player/dom.js";
import { fill, wordsFor } from "../player/words.js";
import { kindsText } from "./attach.js";
import composerWords from "words:composer";

/** @typedef {import("./types.js").Header} Header */
/** @typedef {import("words:conversation").Words} Words */

const MOST_EXAMPLES = 3;

/**
 * @param {object} options
 * @param {Words} options.words
 * @param {string} options.language
 * @param {(text: string) => void} options.propose write an example where a question is written
 * @returns {{element: HTMLElement, update: (header: Header) => void}}
 */
export function createEmpty({ words, language, propose }) {
  const hint = make("span", "");
  const list = make("ul", "omni-panel-examples");
  list.setAttribute("aria-label", words.examplesLabel);
  const element = make("div", "omni-panel-hint", make("strong", "", words.emptyTitle), hint, list);
  let shown = "";
  return {
    element,
    update(header) {
      setText(hint, hintText(header, words, language));
      const examples = examplesFor(header, words);
      if (examples.join() === shown) return;
      shown = examples.join();
      list.replaceChildren(
        ...examples.map((text) => make("li", "", button("omni-panel-example", text, () => propose(text)))),
      );
    },
  };
}

/**
 * @param {Header} header
 * @param {Words} words
 * @param {string} language
 */
function hintText({ takes, speaks }, words, language) {
  return fill(words.emptyHint, {
    speak: takes.includes("audio") ? words.emptySpeak : "",
    kinds: kindsText(takes, wordsFor(composerWords, language)),
    answer: speaks ? words.emptySpeech : words.emptyText,
  });
}

/**
 * Return examples of what this conversation can do best, first what others cannot.
 *
 * @param {Pick<Header, "takes" | "speaks">} header
 * @param {Words} words
 */
export function examplesFor({ takes, speaks }, { examples }) {
  const { image, audio, video, speech, ...others } = examples;
  const media = Object.entries({ image, audio, video }).flatMap(([kind, text]) => (takes.includes(kind) ? [text] : []));
  const spoken = speaks ? [speech] : [];
  return [...media.slice(0, MOST_EXAMPLES - 1), ...spoken, ...Object.values(others)].slice(0, MOST_EXAMPLES);
}
