/**
 * Checks of messages that have a control map and nothing else.
 *
 * @module
 */
import type { Frame } from "../../src/wire/frame.ts";
import { MessageType } from "../../src/wire/messages.ts";
import { Fault } from "../common/fault.ts";

/** Only EVAL may have flags. Only EVAL, CANCEL and STATUS may have an id. */
export function checkPlain({ type, flags, id }: Frame): void {
  if (flags !== 0) {
    throw new Fault("PROTOCOL", `a message of type ${typeText(type)} has the flags ${flags}`);
  }
  if (id !== 0 && type !== MessageType.CANCEL && type !== MessageType.STATUS) {
    throw new Fault("PROTOCOL", `a message of type ${typeText(type)} has the id ${id}`);
  }
}

/** The type of a message, as error messages show it. */
export function typeText(type: number): string {
  return `0x${type.toString(16).padStart(2, "0")}`;
}
