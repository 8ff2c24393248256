/**
 * Messages that are nothing but their control map.
 *
 * @module
 */
import type { Frame } from "../../src/wire/frame.ts";
import { MessageType } from "../../src/wire/messages.ts";
import { Fault } from "../common/fault.ts";

/** Only EVAL has flags, and only CANCEL and STATUS an id beside it. */
export function checkPlain({ type, flags, id }: Frame): void {
  if (flags !== 0) {
    throw new Fault("PROTOCOL", `a message of type ${typeText(type)} has the flags ${flags}`);
  }
  if (id !== 0 && type !== MessageType.CANCEL && type !== MessageType.STATUS) {
    throw new Fault("PROTOCOL", `a message of type ${typeText(type)} has the id ${id}`);
  }
}

/** A message's type, as an error names it. */
export function typeText(type: number): string {
  return `0x${type.toString(16).padStart(2, "0")}`;
}
