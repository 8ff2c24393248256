/**
 * The table of types beyond plain MessagePack. A new type is a new file and a line here.
 *
 * @module
 */
import type { ExtensionReaders } from "./codec/decoder.ts";
import type { Entry } from "./entry.ts";
import { DATA_FRAME } from "./tables/data_frame.ts";
import { NDARRAY } from "./tables/ndarray.ts";
import { SERIES } from "./tables/series.ts";
import { TYPED_ARRAY } from "./tables/typed_array.ts";
import { BIG_INT } from "./types/big_int.ts";
import { BYTES } from "./types/bytes.ts";
import { DATETIME } from "./types/datetime.ts";
import { DICT } from "./types/dict.ts";
import { DURATION } from "./types/duration.ts";
import { FLOAT } from "./types/float.ts";
import { OPAQUE } from "./types/opaque.ts";
import { PLAIN_DATE } from "./types/plain_date.ts";
import { PLAIN_DATETIME } from "./types/plain_datetime.ts";
import { PLAIN_TIME } from "./types/plain_time.ts";
import { SCALAR } from "./types/scalar.ts";
import { SET } from "./types/set.ts";
import { TUPLE } from "./types/tuple.ts";

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
