/** @file A page of jsdom for tests of the panel, made global before the modules under test are loaded. */
import { JSDOM } from "jsdom";

const NAMES = ["window", "document", "Node", "Event", "KeyboardEvent", "HTMLElement", "HTMLAudioElement", "sessionStorage"];

const { window } = new JSDOM("<!doctype html><body></body>", { url: "http://localhost/" });
for (const name of NAMES) Object.defineProperty(globalThis, name, { value: window[name], configurable: true });
URL.createObjectURL = () => "blob:test";
URL.revokeObjectURL = () => {};

/** Enough time for what has been sent off to arrive. */
export const settle = (milliseconds = 0) => new Promise((resolve) => setTimeout(resolve, milliseconds));
