/** @file Decide where a link may lead and which images are shown. */

const LINK = /^(?:https?:\/\/|mailto:)[^\s\u0000-\u001f]+$/i;
/** No SVG: it is a document. */
const DATA_IMAGE = /^data:image\/(?:png|jpeg|gif|webp);base64,[\w+/=%]+$/i;

/** @param {string} url */
export function isLink(url) {
  return LINK.test(url);
}

/** @param {string} url */
export function isDataImage(url) {
  return DATA_IMAGE.test(url);
}
