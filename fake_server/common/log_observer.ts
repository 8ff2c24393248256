/**
 * The log as an observer.
 *
 * @module
 */
import { exitText } from "./exit.ts";
import type { Log } from "./log.ts";
import type { Observer } from "./observer.ts";

/** Makes an observer that writes events to a log. */
export function logObserver(log: Log): Observer {
  return {
    sessionOpened({ session, client, name, peer }) {
      log.info("session opened", { session_id: session, client, name, peer });
    },
    sessionConnected({ session, peer }) {
      log.info("session connected", { session_id: session, peer });
    },
    sessionClosed({ session, reason, level, details }) {
      log.write(level, "session closed", { session_id: session, reason, ...details });
    },
    outputLate({ session, eval: future_id, fd, bytes, text }) {
      if (session === undefined) log.debug("output without a session", { fd, bytes });
      else log.info("late output", { session_id: session, future_id, fd, bytes, text });
    },
    noted({ session, eval: future_id, level, msg, fields }) {
      log.write(level, msg, {
        ...(session === undefined ? {} : { session_id: session, future_id }),
        ...fields,
      });
    },
    namespacesKept({ session, message }) {
      log.error("namespaces were not dropped", { session_id: session, message });
    },
    processStarted({ slot, pid }) {
      log.info("python process ready", { slot, python_pid: pid });
    },
    processDied({ pid, exit, level }) {
      log.write(level, `python process ended with ${exitText(exit)}`, { python_pid: pid, ...exit });
    },
    processFailed({ error, retryMs }) {
      log.error("python process did not start", { error, retry_ms: retryMs });
    },
    linkBroken({ pid, message }) {
      log.error("python process ended for a broken link", { python_pid: pid, message });
    },
    clientRefused({ peer, code, message, isCrowded }) {
      log.write(isCrowded ? "debug" : "info", "connection refused", { peer, code, message });
    },
    clientLost({ peer, error }) {
      log.debug("connection closed before its hello", {
        peer,
        ...(error === undefined ? {} : { error }),
      });
    },
    acceptFailed({ error }) {
      log.warn("cannot accept a connection", { error });
    },
  };
}
