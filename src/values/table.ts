/**
 * The types beyond plain MessagePack, one entry each. A new type is a new file and a line here.
 *
 * @module
 */
import { BIG_INT } from "./big_int.ts";
import { BYTES } from "./bytes.ts";
import { DATA_FRAME } from "./data_frame.ts";
import { DATETIME } from "./datetime.ts";
import type { ExtensionReaders } from "./decoder.ts";
import { DICT } from "./dict.ts";
import { DURATION } from "./duration.ts";
import type { Entry } from "./entry.ts";
import { FLOAT } from "./float.ts";
import { NDARRAY } from "./ndarray.ts";
import { OPAQUE } from "./opaque.ts";
import { PLAIN_DATE } from "./plain_date.ts";
import { PLAIN_DATETIME } from "./plain_datetime.ts";
import { PLAIN_TIME } from "./plain_time.ts";
import { SCALAR } from "./scalar.ts";
import { SERIES } from "./series.ts";
import { SET } from "./set.ts";
import { TUPLE } from "./tuple.ts";
import { TYPED_ARRAY } from "./typed_array.ts";

const TABLE: readonly Entry[] = [
  BIG_INT,
  BYTES,
  DATA_FRAME,
  DATETIME,
  DICT,
  DURATION,
  FLOAT,
  NDARRAY,
  OPAQUE,
  PLAIN_DATE,
  PLAIN_DATETIME,
  PLAIN_TIME,
  SCALAR,
  SERIES,
  SET,
  TUPLE,
  TYPED_ARRAY,
];

/** How to send an object, by its prototype. */
export const WRITERS: ReadonlyMap<object, NonNullable<Entry["sends"]>["write"]> = new Map(
  TABLE.flatMap(({ sends }) =>
    sends === undefined ? [] : sends.prototypes.map((one) => [one, sends.write] as const)
  ),
);

/** How to read an extension, by its code. */
export const READERS: ExtensionReaders = new Map(
  TABLE.flatMap(({ reads }) => reads === undefined ? [] : [[reads.code, reads.read] as const]),
);
