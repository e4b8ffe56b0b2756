import { deflateSync } from "node:zlib";

type Rgba = readonly [number, number, number, number];

/**
 * The part of a 2D canvas context that plotly's heatmaps and images use, implemented with plain pixels: filled
 * rectangles, image data, and output as PNG. jsdom has no canvas.
 */
export class RasterContext {
  fillStyle = "rgba(0,0,0,0)";
  readonly #width: number;
  readonly #height: number;
  readonly #pixels: Uint8ClampedArray;

  constructor(width: number, height: number) {
    this.#width = width;
    this.#height = height;
    this.#pixels = new Uint8ClampedArray(width * height * 4);
  }

  fillRect(left: number, top: number, width: number, height: number): void {
    const colour = parseColour(this.fillStyle);
    for (let y = Math.max(0, Math.round(top)); y < Math.min(this.#height, Math.round(top + height)); y++) {
      for (let x = Math.max(0, Math.round(left)); x < Math.min(this.#width, Math.round(left + width)); x++) {
        this.#pixels.set(colour, (y * this.#width + x) * 4);
      }
    }
  }

  createImageData(width: number, height: number): { width: number; height: number; data: Uint8ClampedArray } {
    return { width, height, data: new Uint8ClampedArray(width * height * 4) };
  }

  putImageData(image: { readonly data: Uint8ClampedArray }): void {
    this.#pixels.set(image.data.subarray(0, this.#pixels.length));
  }

  toDataUrl(): string {
    return `data:image/png;base64,${encodePng(this.#width, this.#height, this.#pixels).toString("base64")}`;
  }
}

function parseColour(css: string): Rgba {
  const [r = 0, g = 0, b = 0, a = 1] = (css.match(/[\d.]+/g) ?? []).map(Number);
  return [r, g, b, Math.round(a * 255)];
}

/** Encodes PNG (ISO/IEC 15948): eight bits per channel with alpha, without filters, which flat areas do not need. */
function encodePng(width: number, height: number, pixels: Uint8ClampedArray): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 6, 0, 0, 0], 8);
  const rows = Buffer.alloc(height * (1 + width * 4)); // each row begins with its filter's number: 0 for none
  for (let y = 0; y < height; y++)
    rows.set(pixels.subarray(y * width * 4, (y + 1) * width * 4), y * (1 + width * 4) + 1);
  return Buffer.concat([
    Buffer.from("\x89PNG\r\n\x1a\n", "latin1"),
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(rows, { level: 9 })),
    chunk("IEND", Buffer.alloc(0)),
  ]);
}

function chunk(type: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const check = Buffer.alloc(4);
  check.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, check]);
}

/** The checksum of PNG's chunks; node:zlib has one from Node 20.15 on only. */
function crc32(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
