/** A Web Worker that does nothing but say that it runs. */
(self as unknown as { postMessage(message: string): void }).postMessage("up");
