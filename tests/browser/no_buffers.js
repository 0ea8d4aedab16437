// Init script: the kernel's widget messages reach the page without their buffers, as they have in Colab
// (googlecolab/colab-cdn-widget-manager#8 and #33). Everything else arrives as it was sent.
//
// A message of the protocol v1.kernel.websocket.jupyter.org begins with a number and so many offsets: five parts,
// the buffers and the end. With a number of six the rest is read by nobody.
// (jupyter-server.readthedocs.io/en/stable/developers/websocket-protocols.html)
(() => {
  const { get, set } = Object.getOwnPropertyDescriptor(WebSocket.prototype, "onmessage");
  const PARTS = 6;
  window.__omniStripped = 0;

  function strip(data) {
    const view = new DataView(data);
    const offsets = Array.from({ length: PARTS }, (_, i) => Number(view.getBigUint64(8 * (i + 1), true)));
    const header = JSON.parse(new TextDecoder().decode(data.slice(offsets[1], offsets[2])));
    if (header.msg_type !== "comm_msg" || view.getBigUint64(0, true) <= PARTS) return;
    view.setBigUint64(0, BigInt(PARTS), true);
    window.__omniStripped += 1;
  }

  Object.defineProperty(WebSocket.prototype, "onmessage", {
    configurable: true,
    get,
    set(handler) {
      const withoutBuffers = function (event) {
        if (event.data instanceof ArrayBuffer) strip(event.data);
        return handler.call(this, event);
      };
      set.call(this, handler && withoutBuffers);
    },
  });
})();
