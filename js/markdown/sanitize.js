/** @file Sanitise HTML: whatever the steps before have made, only this much of it reaches the page. */
import createPurify from "dompurify";

import { isDataImage, isLink } from "./schemes.js";

const HTML_TAGS =
  "p br hr h4 h5 h6 strong em s blockquote ul ol li a img code pre div span table thead tbody tr th td".split(" ");
const MATH_TAGS = (
  "math mrow mi mo mn mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mtable mtr mtd " +
  "mstyle mpadded mphantom menclose mmultiscripts mprescripts none"
).split(" ");
const HTML_ATTRIBUTES = "href src alt class dir start".split(" ");
const MATH_LENGTHS = "width height depth lspace rspace voffset minsize maxsize mathsize rowspacing linethickness".split(" ");
const MATH_ATTRIBUTES = (
  "accent accentunder columnalign display displaystyle fence form largeop linebreak mathbackground mathcolor " +
  "mathvariant movablelimits notation scriptlevel separator stretchy style symmetric"
).split(" ");

const MATH_NAMESPACE = "http://www.w3.org/1998/Math/MathML";
const OUR_CLASS = /^(?:omni|tml|chr|wbk|ff)-[\w-]+$|^(?:upstrike|downstrike|sout|menclose|mathcal|mathscr)$/;
/** What temml writes, less what could move a formula over something else. */
const STYLE_PROPERTY = /^(?:(?:background-)?color|(?:padding|border)(?:-(?:top|right|bottom|left))?|width|text-align|math-depth|display|font-(?:weight|style))$/;
const STYLE_VALUE = /^[#\w.%\s-]{1,60}$/;
const LARGEST_NUMBER = 1_000;

/** @type {import("dompurify").Config & {RETURN_DOM_FRAGMENT: true}} */
const PROFILE = {
  ALLOWED_TAGS: [...HTML_TAGS, ...MATH_TAGS, "#text"],
  ALLOWED_ATTR: [...HTML_ATTRIBUTES, ...MATH_LENGTHS, ...MATH_ATTRIBUTES],
  ALLOW_DATA_ATTR: false,
  ALLOW_ARIA_ATTR: false,
  SANITIZE_NAMED_PROPS: true,
  RETURN_DOM_FRAGMENT: true, // HTML that is never written and read again cannot change its meaning
};

/** @returns {(html: string) => DocumentFragment} */
export function createSanitizer() {
  const purify = createPurify(window);
  purify.addHook("uponSanitizeAttribute", (element, attribute) => {
    const value = allowedValue(element, attribute.attrName, attribute.attrValue);
    if (value === null) attribute.keepAttr = false;
    else attribute.attrValue = value;
  });
  return (html) => purify.sanitize(html, PROFILE);
}

/**
 * @param {Element} element
 * @param {string} name
 * @param {string} value
 * @returns {string | null} null: not at all
 */
function allowedValue(element, name, value) {
  const isMath = element.namespaceURI === MATH_NAMESPACE;
  if (name === "href") return element.tagName === "A" && isLink(value) ? value : null;
  if (name === "src") return element.tagName === "IMG" && isDataImage(value) ? value : null;
  if (name === "class") return ourClasses(value);
  if (name === "style") return isMath ? allowedStyle(value) : null;
  if (MATH_LENGTHS.includes(name)) return isMath && hasSmallNumbers(value) ? value : null;
  return value;
}

/** @param {string} value */
function ourClasses(value) {
  return value.split(/\s+/).filter((name) => OUR_CLASS.test(name)).join(" ") || null;
}

/** @param {string} value */
function allowedStyle(value) {
  const declarations = value.split(";").filter((declaration) => {
    const [property, setting = "", ...rest] = declaration.split(":");
    if (rest.length > 0 || !STYLE_PROPERTY.test(property.trim())) return false;
    return STYLE_VALUE.test(setting) && hasSmallNumbers(setting);
  });
  return declarations.join(";") || null;
}

/** @param {string} value */
function hasSmallNumbers(value) {
  if (value.trim().startsWith("#")) return true;
  return (value.match(/[\d.]+/g) ?? []).every((number) => Number(number) <= LARGEST_NUMBER);
}
