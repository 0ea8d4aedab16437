import assert from "node:assert/strict";
import { test } from "node:test";

import words from "words:player";

import { amountText, costSoFar, meterText } from "../../js/player/meter.js";

const PRICE = { per_second: 0.00125, input: 0.002, currency: "CNY", is_hypothetical: false };

test("the cost so far is the input and the seconds, of which the first counts whole", () => {
  assert.equal(costSoFar(0, PRICE), 0.002);
  assert.equal(costSoFar(0.2, PRICE), costSoFar(1, PRICE));
  assert.ok(Math.abs(costSoFar(10, PRICE) - 0.0145) < 1e-12);
});

test("an amount has three digits that count and no exponent", () => {
  assert.deepEqual([0.00325, 0.0145, 1.5, 12.345, 0.00000012, 0].map(amountText), [
    "0.00325",
    "0.0145",
    "1.50",
    "12.3",
    "0.000000120",
    "0",
  ]);
});

test("the meter grows by whole seconds, in both languages", () => {
  assert.equal(meterText(10.9, PRICE, words.en), "10 s of speech so far · about 0.0145 CNY");
  assert.equal(meterText(10.2, PRICE, words.zh), "目前语音 10 秒 · 约 ¥0.0145");
});

test("an unknown price leaves the seconds alone", () => {
  assert.equal(meterText(3, null, words.en), "3 s of speech so far");
});

test("what the stand-in would cost is called free", () => {
  const shown = meterText(3, { ...PRICE, is_hypothetical: true }, words.en);
  assert.equal(shown, "3 s of speech so far · free; a model would cost 0.00575 CNY");
});

test("a currency that the language has no form for is named by its code", () => {
  const forms = ["USD", "EUR"].flatMap((currency) => [words.en, words.zh].map((said) => meterText(1, { ...PRICE, currency }, said)));
  assert.deepEqual(forms.map((form) => form.split("about ").at(-1).split("约 ").at(-1)), ["0.00325 USD", "US$0.00325", "0.00325 EUR", "0.00325 EUR"]);
});
