import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { loadCorpus } from "../../src/corpus/load-corpus";
import { cancer, makeZip, other, replaceBytes, studyText } from "./zips";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "tslora-zip-"));
});
after(() => rm(folder, { recursive: true, force: true }));

const END = 22; // bytes of an end record without a comment
const whole = (): Promise<Buffer> =>
  makeZip([cancer("101"), cancer("102"), other("201"), other("202")].map((entry) => ({ ...entry, compress: false })));

/** The archive with its end record changed. */
function withEnd(zip: Buffer, change: (end: Buffer, zip: Buffer) => void): Buffer {
  const copy = Buffer.from(zip);
  change(copy.subarray(copy.length - END), copy);
  return copy;
}

/** Finds the first bytes of a name's entry in the central directory and of its local header. */
function places(zip: Buffer, name: string): { central: number; local: number } {
  return { local: zip.indexOf(name) - 30, central: zip.lastIndexOf(name) - 46 };
}

const insert = (zip: Buffer, at: number, bytes: Buffer): Buffer =>
  Buffer.concat([zip.subarray(0, at), bytes, zip.subarray(at)]);
const shift = (end: Buffer, by: number): void => void end.writeUInt32LE(end.readUInt32LE(16) + by, 16);

/** Archives that contradict themselves, and the message about each. */
const DAMAGES: readonly { readonly what: string; readonly make: (zip: Buffer) => Buffer; readonly expected: RegExp }[] =
  [
    {
      what: "one entry fewer counted",
      make: (zip) => withEnd(zip, (end) => void [8, 10].forEach((at) => end.writeUInt16LE(3, at))),
      expected: /counts 3 entries, its directory holds 4/,
    },
    {
      what: "one entry more counted",
      make: (zip) => withEnd(zip, (end) => void [8, 10].forEach((at) => end.writeUInt16LE(5, at))),
      expected: /counts 5 entries, its directory holds 4/,
    },
    {
      what: "no entry counted",
      make: (zip) => withEnd(zip, (end) => void [8, 10].forEach((at) => end.writeUInt16LE(0, at))),
      expected: /counts 0 entries/,
    },
    {
      what: "the two counts differ",
      make: (zip) => withEnd(zip, (end) => void end.writeUInt16LE(3, 8)),
      expected: /counts entries wrongly/,
    },
    {
      what: "the last entry cut out of the directory, consistently",
      make: (zip) => {
        const { central } = places(zip, "Dataset/Non-Cancer/202.txt");
        const length = zip.length - END - central;
        const cut = Buffer.concat([zip.subarray(0, central), zip.subarray(zip.length - END)]);
        return withEnd(cut, (end) => {
          for (const at of [8, 10]) end.writeUInt16LE(3, at);
          end.writeUInt32LE(end.readUInt32LE(12) - length, 12);
        });
      },
      expected: /holds Dataset\/Non-Cancer\/202\.txt, which its directory does not name/,
    },
    {
      what: "a directory that is shorter than the end record says",
      make: (zip) => withEnd(zip, (end) => void end.writeUInt32LE(end.readUInt32LE(12) - 1, 12)),
      expected: /places the directory/,
    },
    {
      what: "bytes behind the end record",
      make: (zip) => Buffer.concat([zip, Buffer.from("more")]),
      expected: /end record|comment/i,
    },
    {
      what: "a second end record in the comment",
      make: (zip) => {
        const fake = Buffer.from(zip.subarray(zip.length - END));
        for (const at of [8, 10]) fake.writeUInt16LE(0, at);
        return Buffer.concat([withEnd(zip, (end) => void end.writeUInt16LE(END, 20)), fake]);
      },
      expected: /more than one end record|counts 0 entries|entries/,
    },
    {
      what: "a name that differs in the file's header",
      make: (zip) =>
        Buffer.from(zip).fill(
          "3",
          places(zip, "Dataset/Cancer/102.txt").local + 30 + 17,
          places(zip, "Dataset/Cancer/102.txt").local + 30 + 18,
        ),
      expected: /in its own header/,
    },
    {
      what: "the same name twice",
      make: (zip) => replaceBytes(zip, "Dataset/Cancer/102.txt", "Dataset/Cancer/101.txt"),
      expected: /twice/,
    },
    {
      what: "two entries of the same bytes",
      make: (zip) => {
        const copy = Buffer.from(zip);
        const [first, second] = ["Dataset/Cancer/101.txt", "Dataset/Cancer/102.txt"].map((name) => places(zip, name));
        copy.writeUInt32LE(first.local, second.central + 42);
        return copy;
      },
      expected: /in its own header/,
    },
    {
      what: "an entry that reaches into the next",
      make: (zip) => {
        const copy = Buffer.from(zip);
        const { central, local } = places(zip, "Dataset/Cancer/101.txt");
        for (const at of [central + 20, central + 24]) copy.writeUInt32LE(copy.readUInt32LE(at) + 40, at);
        if ((copy.readUInt16LE(local + 6) & 8) === 0)
          for (const at of [local + 18, local + 22]) copy.writeUInt32LE(copy.readUInt32LE(at) + 40, at);
        return copy;
      },
      expected: /shares bytes/,
    },
    {
      what: "bytes before the archive",
      make: (zip) => Buffer.concat([Buffer.from("#!/bin/sh\n"), zip]),
      expected: /places the directory|zip archive/,
    },
    {
      what: "a file between the others that the directory does not name",
      make: (zip) => {
        const { local } = places(zip, "Dataset/Cancer/101.txt");
        const hidden = Buffer.from(zip.subarray(local, places(zip, "Dataset/Cancer/102.txt").local));
        const at = zip.readUInt32LE(zip.length - END + 16);
        const grown = withEnd(insert(zip, at, hidden), (end) => shift(end, hidden.length));
        return grown;
      },
      expected: /which its directory does not name/,
    },
    {
      what: "a folder that holds bytes",
      make: (zip) => replaceBytes(zip, "Dataset/Cancer/101.txt", "Dataset/Cancer/101.tx/"),
      expected: /called a folder and holds/,
    },
    {
      what: "a name that says it is UTF-8 and is not",
      make: (zip) => {
        const copy = replaceBytes(zip, "Dataset/Cancer/101.txt", "Dataset/Cancer/1\u00ff1.txt");
        const name = Buffer.from("Dataset/Cancer/1\u00ff1.txt", "latin1");
        const [local, central] = [copy.indexOf(name) - 30, copy.lastIndexOf(name) - 46];
        copy.writeUInt16LE(copy.readUInt16LE(local + 6) | 0x800, local + 6);
        copy.writeUInt16LE(copy.readUInt16LE(central + 8) | 0x800, central + 8);
        return copy;
      },
      expected: /UTF-8/,
    },
    {
      what: "an encrypted entry",
      make: (zip) => {
        const copy = Buffer.from(zip);
        const { central, local } = places(zip, "Dataset/Cancer/101.txt");
        for (const at of [central + 8, local + 6]) copy.writeUInt16LE(copy.readUInt16LE(at) | 1, at);
        return copy;
      },
      expected: /101\.txt is encrypted/,
    },
  ];

for (const { what, make, expected } of DAMAGES) {
  test(`an archive that contradicts itself is refused: ${what}`, async () => {
    const path = join(folder, `${what.replace(/\W+/g, "-")}.zip`);
    await writeFile(path, make(await whole()));
    for (const onBadEntry of ["refuse", "report"] as const) {
      await assert.rejects(loadCorpus(path, { onBadEntry, allowMissingClasses: true }), (error: unknown) => {
        assert.ok(error instanceof TsloraError, String(error));
        assert.equal(error.code, "bad-input");
        assert.match(error.message, expected);
        return true;
      });
    }
  });
}

const MAKERS: readonly { readonly by: string; readonly code: string }[] = [
  {
    by: "Python's zipfile",
    code: "z = zipfile.ZipFile(path, 'w', zipfile.ZIP_DEFLATED)\nfor n, t in files: z.writestr(n, t)\nz.comment = b'a comment'\nz.close()",
  },
  {
    by: "Python's zipfile, appended to",
    code: "z = zipfile.ZipFile(path, 'w')\nz.writestr(*files[0])\nz.close()\nz = zipfile.ZipFile(path, 'a')\nfor n, t in files[1:]: z.writestr(n, t)\nz.close()",
  },
  {
    by: "Python's zipfile with zip64 fields",
    code: "z = zipfile.ZipFile(path, 'w')\nfor n, t in files:\n  with z.open(n, 'w', force_zip64=True) as f: f.write(t.encode())\nz.close()",
  },
  {
    by: "Python's zipfile to a pipe, with sizes behind the bytes",
    code: "class Pipe(io.RawIOBase):\n  def __init__(self): self.b = b''\n  def writable(self): return True\n  def write(self, d):\n    self.b += bytes(d)\n    return len(d)\np = Pipe()\nz = zipfile.ZipFile(p, 'w', zipfile.ZIP_DEFLATED)\nfor n, t in files: z.writestr(n, t)\nz.close()\nopen(path, 'wb').write(p.b)",
  },
];

for (const { by, code } of MAKERS) {
  test(`archives of other tools are read: ${by}`, async () => {
    const path = join(folder, `${by.replace(/\W+/g, "-")}.zip`);
    const files = [cancer("101"), cancer("102", studyText("102", "Na\u00efve \u4e2d\u6587.")), other("201")].map(
      ({ name, content }) => [name, String(content)],
    );
    execFileSync("python3", [
      "-c",
      `import io, json, sys, zipfile\npath, files = json.loads(sys.argv[1])\n${code}`,
      JSON.stringify([path, files]),
    ]);
    assert.equal((await loadCorpus(path)).frame.shape[0], 3);
  });
}
