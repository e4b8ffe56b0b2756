import assert from "node:assert/strict";
import { test } from "node:test";

import { TsloraError } from "../../src/base/tslora-error";
import { decodeMessage, encodeMessage, newMessage } from "../../src/notebook/jupyter/wire";

const KEY = "a-key";
const message = {
  ...newMessage("execute_request", { code: "1 + 1\n// \u00e9\u4e2d" }, "session"),
  buffers: [Buffer.from([1, 2, 3])],
};

test("a message is read as it was sent, with any routing frames before it", () => {
  const decoded = decodeMessage([Buffer.from("peer"), ...encodeMessage(message, KEY)], KEY);
  assert.deepEqual(
    { ...decoded, buffers: decoded.buffers.map((buffer) => [...buffer]) },
    { ...message, buffers: [[1, 2, 3]] },
  );
});

test("the signature is HMAC-SHA256 over the four JSON frames, as jupyter_client computes it", () => {
  const fixed = {
    header: { msg_id: "1", session: "s", username: "u", date: "d", msg_type: "t", version: "5.3" },
    parent: {},
    metadata: {},
    content: { code: "1" },
    buffers: [],
  };
  // python: hmac.new(b"a-key", b"".join(frames), hashlib.sha256).hexdigest()
  assert.equal(
    encodeMessage(fixed, KEY)[1].toString(),
    "c608f68b344bf67f6b05ee04797a6279d632bd15efb66f9b97d2178175b9c56b",
  );
});

test("a changed frame, a wrong key, missing frames and broken JSON are refused", () => {
  const refuse = (frames: Buffer[], key: string, expected: RegExp): void => {
    assert.throws(
      () => decodeMessage(frames, key),
      (error: unknown) => error instanceof TsloraError && error.code === "kernel" && expected.test(error.message),
    );
  };
  const frames = encodeMessage(message, KEY);
  const forged = [...frames];
  forged[5] = Buffer.from('{"code":"evil()"}');
  refuse(forged, KEY, /wrong signature/);
  refuse(frames, "another", /wrong signature/);
  refuse(frames.slice(0, 4), KEY, /frames/);
  refuse(frames.slice(1), KEY, /delimiter/);
  const unsigned = encodeMessage(message, "");
  unsigned[2] = Buffer.from("{");
  refuse(unsigned, "", /not JSON/);
});

test("a connection without a key signs and checks nothing", () => {
  assert.equal(encodeMessage(message, "")[1].length, 0);
  assert.equal(decodeMessage(encodeMessage(message, ""), "").header.msg_id, message.header.msg_id);
});
