// The MessagePack of @msgpack/msgpack as a process: one request a line on stdin, one answer a line on stdout, until stdin ends.
//
//   {"encode": <tagged value>}   answers the bytes in lower-case hex
//   {"decode": "<hex>"}          answers the tagged value as JSON
//   anything it cannot do        answers {"error": "<why>"} and goes on
//
// A tagged value says its MessagePack type, because JSON and JavaScript would lose it (1 and 1.0 are one number there, and
// 64-bit integers do not fit):
//
//   nil    {"t":"nil"}
//   bool   {"t":"bool","v":true}
//   int    {"t":"int","v":"-123"}                decimal text, -2^63 … 2^64 - 1
//   float  {"t":"float","v":"3ff0000000000000"}  big-endian bits of the double in hex; a float 32 is widened; compare NaN as NaN, its low bits are free
//   str    {"t":"str","v":"…"}
//   bin    {"t":"bin","v":"00ff"}                hex
//   array  {"t":"array","v":[…]}                 tagged values, nested as deep as 1,000
//
// Integers of 32 bits or fewer are encoded in the shortest form. Wider ones take the 64-bit form: uint 64 from zero up, int 64 below.

import { createInterface } from "node:readline";
import { Decoder, Encoder } from "@msgpack/msgpack";

/** A number that is a float whatever its value. */
class Float {
  constructor(value) {
    this.value = value;
  }
}

class TaggedEncoder extends Encoder {
  constructor() {
    super({ useBigInt64: true, maxDepth: 1000 });
  }

  encodeObject(object, depth) {
    if (object instanceof Float) {
      this.encodeNumberAsFloat(object.value);
    } else {
      super.encodeObject(object, depth);
    }
  }
}

class TaggedDecoder extends Decoder {
  constructor() {
    super({ useBigInt64: true });
  }

  readF32() {
    return new Float(super.readF32());
  }

  readF64() {
    return new Float(super.readF64());
  }
}

function fromTagged(tagged) {
  switch (tagged?.t) {
    case "nil":
      return null;
    case "bool":
      return tagged.v === true;
    case "int":
      return integer(BigInt(tagged.v));
    case "float":
      return new Float(bytesOf(tagged.v, 8).readDoubleBE(0));
    case "str":
      return String(tagged.v);
    case "bin":
      return new Uint8Array(bytesOf(tagged.v));
    case "array":
      return tagged.v.map(fromTagged);
    default:
      throw new TypeError(`no such tag: ${JSON.stringify(tagged?.t)}`);
  }
}

function toTagged(value) {
  if (value === null) {
    return { t: "nil" };
  } else if (typeof value === "boolean") {
    return { t: "bool", v: value };
  } else if (typeof value === "bigint" || typeof value === "number") {
    return { t: "int", v: value.toString() };
  } else if (value instanceof Float) {
    const bits = Buffer.alloc(8);
    bits.writeDoubleBE(value.value);
    return { t: "float", v: bits.toString("hex") };
  } else if (typeof value === "string") {
    return { t: "str", v: value };
  } else if (value instanceof Uint8Array) {
    return { t: "bin", v: Buffer.from(value).toString("hex") };
  } else if (Array.isArray(value)) {
    return { t: "array", v: value.map(toTagged) };
  }

  throw new TypeError(`no tag for ${Object.prototype.toString.call(value)}`);
}

/** The library writes a number in the shortest form and a BigInt in 64 bits, so the width decides which one it is given. */
function integer(value) {
  if (value < -(2n ** 63n) || value >= 2n ** 64n) {
    throw new RangeError(`not a 64-bit integer: ${value}`);
  }

  return value >= -(2n ** 31n) && value < 2n ** 32n ? Number(value) : value;
}

function bytesOf(hex, length) {
  if (!/^([0-9a-f]{2})*$/i.test(hex) || (length !== undefined && hex.length !== 2 * length)) {
    throw new TypeError(`not hex of ${length ?? "whole"} bytes: ${hex}`);
  }

  return Buffer.from(hex, "hex");
}

function answer(line) {
  const request = JSON.parse(line);
  if ("encode" in request) {
    return Buffer.from(new TaggedEncoder().encode(fromTagged(request.encode))).toString("hex");
  } else if ("decode" in request) {
    return JSON.stringify(toTagged(new TaggedDecoder().decode(bytesOf(request.decode))));
  }

  throw new TypeError("neither encode nor decode");
}

for await (const line of createInterface({ input: process.stdin })) {
  let reply;
  try {
    reply = answer(line);
  } catch (error) {
    reply = JSON.stringify({ error: error.message });
  }

  process.stdout.write(reply + "\n");
}
