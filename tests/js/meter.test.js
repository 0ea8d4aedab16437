import assert from "node:assert/strict";
import { test } from "node:test";

import { labelsFor } from "../../js/player/labels.js";
import { amountText, costSoFar, meterText } from "../../js/sound/meter.js";

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
  assert.equal(meterText(10.9, PRICE, labelsFor("en")), "10 s of speech so far · about 0.0145 CNY");
  assert.equal(meterText(10.2, PRICE, labelsFor("zh")), "目前语音 10 秒 · 约 0.0145 CNY");
});

test("an unknown price leaves the seconds alone", () => {
  assert.equal(meterText(3, null, labelsFor("en")), "3 s of speech so far");
});

test("what the stand-in would cost is called free", () => {
  const shown = meterText(3, { ...PRICE, is_hypothetical: true }, labelsFor("en"));
  assert.equal(shown, "3 s of speech so far · free; would cost 0.00575 CNY");
});
