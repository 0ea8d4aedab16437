/** @file Reach the kernel behind a widget. JupyterLab's widget manager has it, undocumented; others may not. */

/**
 * @typedef {{connect(slot: (sender: unknown, value: string) => void): unknown,
 *   disconnect(slot: (sender: unknown, value: string) => void): unknown}} Signal
 * @typedef {{status?: string, statusChanged?: Signal, connectionStatusChanged?: Signal,
 *   interrupt?: () => unknown,
 *   sendInputReply?: (content: {status: "ok", value: string}, parent: object) => void}} Kernel
 */

/** Time for Python to end an answer by itself; a cell that blocks the kernel has to be interrupted. */
export const INTERRUPT_MILLISECONDS = 250;

/**
 * @param {{widget_manager: unknown}} model
 * @returns {Kernel | undefined}
 */
export function kernelOf({ widget_manager }) {
  return /** @type {{kernel?: Kernel} | undefined} */ (widget_manager)?.kernel;
}

/**
 * Tell whether this is a page that nbconvert has made: its widgets come from their saved state, and nobody answers.
 * Voilà keeps that state in its pages, too, and has a kernel.
 *
 * @param {{widget_manager: unknown}} model
 */
export function isSavedPage(model) {
  return !kernelOf(model) && document.querySelector('script[type="application/vnd.jupyter.widget-state+json"]') !== null;
}

/**
 * Interrupt as JupyterLab's own stop button does: a cell that blocks the kernel also blocks our messages. (The
 * kernel's `status` is no help: subshells report "idle" while a cell runs.)
 *
 * @param {{widget_manager: unknown}} model
 */
export function interruptKernel(model) {
  void kernelOf(model)?.interrupt?.();
}

/**
 * Say something to a kernel as if somebody had typed it: a cell that blocks the kernel reads that, and no message of
 * ours.
 *
 * @param {{widget_manager: unknown}} model
 * @param {object} message
 */
export function typeToKernel(model, message) {
  kernelOf(model)?.sendInputReply?.({ status: "ok", value: JSON.stringify(message) }, {});
}
