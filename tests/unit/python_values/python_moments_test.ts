/** Points in time of classes and zones that are not Python's own, as the python process sends them. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Series } from "../../../mod.ts";
import { decode } from "../../../src/values/decode.ts";
import { interpreters } from "../../python.ts";
import { LinkClient } from "../link/link_client.ts";

/** Whether an interpreter has the module. */
function has(python: string, module: string): boolean {
  const code = `import importlib.util as u, sys; sys.exit(u.find_spec("${module}") is None)`;
  return new Deno.Command(python, { args: ["-c", code] }).outputSync().success;
}

/** What comes of the last line's list, as JavaScript shows it. */
async function shown(client: LinkClient, code: string): Promise<string[]> {
  const { bytes } = await client.eval(code);
  return (decode(bytes) as unknown[]).map(String);
}

for (const { name, path: python } of interpreters()) {
  const test = (what: string, run: () => Promise<void>): void =>
    Deno.test(`python moments ${what} (${name})`, run);
  const withPytz = has(python, "pytz") ? test : () => {};
  const withDateutil = has(python, "dateutil") ? test : () => {};
  const withPandas = has(python, "pandas") ? test : () => {};

  test("of subclasses come as what they are, whatever the subclass says", async () => {
    await using client = await LinkClient.start(python);
    const code = `
import datetime as d
class Meta(type):
    def __instancecheck__(cls, other): return True
class Fake(d.datetime, metaclass=Meta): pass
class Stamp(d.datetime):
    year = hour = tzinfo = property(lambda self: 1 / 0)
    def utcoffset(self): 1 / 0
class Day(d.date):
    month = 5
class Clock(d.time):
    minute = None
class Span(d.timedelta):
    days = 7
    __floordiv__ = total_seconds = None
class Sooner(Span): pass
zone = d.timezone(d.timedelta(hours=2))
[Fake(2026, 3, 4), Stamp(2026, 3, 4, 5, 6, 7, 8), Stamp(2026, 3, 4, tzinfo=zone), Day(2026, 3, 4), Clock(5, 6),
 Span(hours=30), Sooner(-1), Clock(1, tzinfo=d.timezone.utc)]`;
    const came = await shown(client, code);
    assertEquals(came.slice(0, 7), [
      "2026-03-04T00:00:00",
      "2026-03-04T05:06:07.000008",
      "2026-03-04T00:00:00+02:00[+02:00]",
      "2026-03-04",
      "05:06:00",
      "P1DT6H",
      "-P1D",
    ]);
    // A time with a zone is opaque, as one of Python's own.
    assertMatch(came[7]!, /Clock\(1, .*tzinfo=datetime\.timezone\.utc\)$/);
  });

  test("in zones that do not tell their name have an offset, or are opaque", async () => {
    await using client = await LinkClient.start(python);
    const came = await shown(
      client,
      `
import datetime as d
class Zone(d.tzinfo):
    def utcoffset(self, moment): return d.timedelta(hours=1)
class Raising(Zone):
    key = zone = property(lambda self: 1 / 0)
class Exiting(Zone):
    @property
    def key(self): raise SystemExit
class Numbered(Zone):
    key = 5
class Surrogate(Zone):
    key = "Europe/\\ud800"
class Nowhere(Zone):
    key = "No/Where"
class Elsewhere(Zone):
    key = "Asia/Tokyo"
class Lost(d.tzinfo):
    def utcoffset(self, moment): raise RuntimeError
[d.datetime(2026, 1, 2, tzinfo=zone()) for zone in (Zone, Raising, Exiting, Numbered, Surrogate, Nowhere, Elsewhere, Lost)]`,
    );
    assertEquals(came.slice(0, 7), Array(7).fill("2026-01-02T00:00:00+01:00[+01:00]"));
    assertMatch(came[7]!, /^datetime.datetime\(2026, 1, 2, 0, 0, tzinfo=<.*Lost object/);
  });

  test("in zones of other libraries have their key", async () => {
    await using client = await LinkClient.start(python);
    const code = `
import datetime as d
def zone(module, kind, **members):
    offset = {"utcoffset": lambda self, moment: d.timedelta(hours=-5)}
    return type(kind, (d.tzinfo,), {"__module__": module, **offset, **members})()
zones = [
    zone("pytz.tzfile", "America/Lima", zone="America/Lima"),
    zone("pytz", "_FixedOffset", zone=None),
    zone("dateutil.tz.tz", "tzutc", utcoffset=lambda self, moment: d.timedelta(0)),
    zone("dateutil.tz.tz", "tzfile", _filename="/usr/share/zoneinfo/America/Lima"),
    zone("dateutil.tz.tz", "tzfile", _filename="America/Lima"),
    zone("dateutil.tz.tz", "tzfile", _filename="/etc/localtime"),
    zone("pendulum.tz.timezone", "Timezone", name="America/Lima"),
    zone("somewhere", "Timezone", name="America/Lima"),
]
[d.datetime(2026, 7, 1, tzinfo=zone) for zone in zones]`;
    const came = await shown(client, code);
    const [lima, fixed] = ["America/Lima", "-05:00"];
    assertEquals(came.map((text) => /\[(.*)\]/.exec(text)?.[1]), [
      lima,
      fixed,
      "UTC",
      lima,
      lima,
      fixed,
      lima,
      fixed,
    ]);
  });

  withPytz("in zones of pytz come in them, both of an hour that is there twice", async () => {
    await using client = await LinkClient.start(python);
    const code = `
import datetime as d, pytz
berlin = pytz.timezone("Europe/Berlin")
twice = d.datetime(2026, 10, 25, 2, 30)
[berlin.localize(twice, is_dst=True), berlin.localize(twice, is_dst=False), d.datetime(2026, 7, 1, tzinfo=pytz.utc),
 d.datetime(2026, 7, 1, tzinfo=pytz.FixedOffset(90)), d.datetime(2026, 7, 1, tzinfo=pytz.FixedOffset(0)),
 d.datetime(2026, 7, 1, tzinfo=berlin)]`;
    assertEquals(await shown(client, code), [
      "2026-10-25T02:30:00+02:00[Europe/Berlin]",
      "2026-10-25T02:30:00+01:00[Europe/Berlin]",
      "2026-07-01T00:00:00+00:00[UTC]",
      "2026-07-01T00:00:00+01:30[+01:30]",
      "2026-07-01T00:00:00+00:00[UTC]",
      // Of the offset that was in use before 1893, as in Python.
      "2026-07-01T00:00:00+00:53[+00:53]",
    ]);
  });

  withDateutil("in zones of dateutil come in them", async () => {
    await using client = await LinkClient.start(python);
    const code = `
import datetime as d, dateutil.tz as tz
moment = d.datetime(2026, 7, 1)
zones = [tz.gettz("Europe/Berlin"), tz.UTC, tz.gettz("UTC"), tz.tzoffset(None, 5400)]
[*(moment.replace(tzinfo=zone) for zone in zones), tz.enfold(d.datetime(2026, 10, 25, 2, 30, tzinfo=zones[0]))]`;
    assertEquals(await shown(client, code), [
      "2026-07-01T00:00:00+02:00[Europe/Berlin]",
      "2026-07-01T00:00:00+00:00[UTC]",
      "2026-07-01T00:00:00+00:00[UTC]",
      "2026-07-01T00:00:00+01:30[+01:30]",
      "2026-10-25T02:30:00+01:00[Europe/Berlin]",
    ]);
  });

  withPandas("of pandas come in their zone, alone and in columns", async () => {
    await using client = await LinkClient.start(python);
    const code = `
import pandas, dateutil.tz
def at(zone): return pandas.Timestamp("2026-07-01", tz=zone)
lima = dateutil.tz.gettz("America/Lima")
objects = pandas.Series([at("America/Lima"), at(lima), None], dtype=object)
column = pandas.Series([at(lima), pandas.NaT])
[at("America/Lima"), at(lima), at("UTC"), pandas.NaT, *objects, *column, *pandas.Index(column)]`;
    const lima = "2026-07-01T00:00:00-05:00[America/Lima]";
    assertEquals(await shown(client, code), [
      lima,
      lima,
      "2026-07-01T00:00:00+00:00[UTC]",
      "null",
      lima,
      lima,
      "null",
      lima,
      "null",
      lima,
      "null",
    ]);
    const valuesOf = async (name: string): Promise<string[]> => {
      const { bytes } = await client.eval(`${code}\n${name}`);
      return (decode(bytes) as Series<unknown[]>).values.map(String);
    };
    assertEquals(await valuesOf("objects"), [lima, lima, "null"]);
    assertEquals(await valuesOf("column"), [lima, "null"]);
  });
}
