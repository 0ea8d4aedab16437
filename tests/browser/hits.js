// Init script: says on the console when foreign code runs in the page. `Hits` in hits.py listens there,
// which works from every frame and survives a reload.
//
// Hostile text calls `__omniHit("what it is")`. What such code does to be seen is reported, too.
(() => {
  if (window.__omniHit) return;
  const say = console.debug.bind(console, "__omniHit");
  window.__omniHit = (name) => say(`script ${name}`);
  for (const name of ["alert", "confirm", "prompt", "open"]) {
    const original = window[name];
    window[name] = function (...given) {
      say(`${name}(${given.join(", ")})`);
      return original.apply(this, given);
    };
  }
  window.print = () => say("print()"); // the real one would wait for a person
})();
