import { shownValue } from "../../base/shown-value";
import { TsloraError } from "../../base/tslora-error";
import { damagedModel, protobufFields, type ProtobufField } from "./protobuf-reader";

/** A sentencepiece model of the type Unigram. */
export interface SentencepieceModel {
  /** Pieces in the order of their ids. */
  readonly pieces: readonly SentencepiecePiece[];
  readonly unknownId: number;
  /** The normalization rules; undefined if it has none. */
  readonly charsmap: Uint8Array | undefined;
}

export interface SentencepiecePiece {
  readonly text: string;
  readonly score: number;
  /** Control and user-defined pieces are matched literally in the text. */
  readonly kind: "control" | "user-defined" | "other";
}

/** Names of `TrainerSpec.ModelType`. */
const MODEL_TYPES: Readonly<Record<number, string>> = { 1: "Unigram", 2: "BPE", 3: "word", 4: "char" };

// Field numbers of sentencepiece_model.proto: messages ModelProto, SentencePiece, TrainerSpec and NormalizerSpec.
const MODEL = { pieces: 1, trainer: 2, normalizer: 3 };
const PIECE = { text: 1, score: 2, type: 3 };
const TRAINER = { modelType: 3, unknownId: 40 };
const NORMALIZER = { charsmap: 2 };
const PIECE_KINDS: Readonly<Record<number, SentencepiecePiece["kind"]>> = { 3: "control", 4: "user-defined" };

/**
 * Reads a sentencepiece model (`spiece.model`, `spm.model`, `sentencepiece.bpe.model`): its pieces, the id of the
 * unknown piece and the normalization rules. Other fields are skipped.
 *
 * @param where - the file's name in messages
 * @throws TsloraError `bad-input` for a damaged file, `unsupported` for a model of another type.
 */
export function parseSentencepieceModel(bytes: Uint8Array, where: string): SentencepieceModel {
  const pieces: SentencepiecePiece[] = [];
  let modelType = 1;
  let unknownId = 0;
  let charsmap: Uint8Array | undefined;
  for (const field of protobufFields(bytes, where)) {
    if (field.field === MODEL.pieces) pieces.push(parsePiece(messageOf(field, where), { where, index: pieces.length }));
    if (field.field === MODEL.trainer)
      for (const part of protobufFields(messageOf(field, where), where)) {
        if (part.field === TRAINER.modelType) modelType = numberOf(part, where);
        if (part.field === TRAINER.unknownId) unknownId = numberOf(part, where);
      }
    if (field.field === MODEL.normalizer)
      for (const part of protobufFields(messageOf(field, where), where))
        if (part.field === NORMALIZER.charsmap) charsmap = messageOf(part, where);
  }
  if (pieces.length === 0) throw damagedModel(where, "it holds no pieces");
  if (modelType !== 1)
    throw new TsloraError(
      "unsupported",
      `${where} holds a sentencepiece model of the type ${MODEL_TYPES[modelType] ?? modelType}; tslora reads the type Unigram. Save the tokenizer in Python with tokenizer.save_pretrained(folder), which writes tokenizer.json.`,
    );
  return { pieces, unknownId, charsmap: charsmap?.length === 0 ? undefined : charsmap };
}

function parsePiece(bytes: Uint8Array, { where, index }: { where: string; index: number }): SentencepiecePiece {
  let text = "";
  let score = 0;
  let type = 1;
  for (const part of protobufFields(bytes, where)) {
    if (part.field === PIECE.text) text = textOf(messageOf(part, where), where);
    if (part.field === PIECE.score) {
      if (part.kind !== "fixed" || part.bytes.length !== 4)
        throw damagedModel(where, `the score of piece ${index} is not a number of four bytes`);
      score = new DataView(part.bytes.buffer, part.bytes.byteOffset).getFloat32(0, true);
    }
    if (part.field === PIECE.type) type = numberOf(part, where);
  }
  if (text === "") throw damagedModel(where, `piece ${index} has no text`);
  if (!Number.isFinite(score)) throw damagedModel(where, `the piece ${shownValue(text)} has the score ${score}`);
  return { text, score, kind: PIECE_KINDS[type] ?? "other" };
}

function messageOf(field: ProtobufField, where: string): Uint8Array {
  if (field.kind !== "bytes") throw damagedModel(where, `its field ${field.field} is a number`);
  return field.bytes;
}

function numberOf(field: ProtobufField, where: string): number {
  if (field.kind !== "varint") throw damagedModel(where, `its field ${field.field} is no number`);
  return field.int32;
}

function textOf(bytes: Uint8Array, where: string): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch (error) {
    throw damagedModel(where, "a piece is not UTF-8 text", error);
  }
}
