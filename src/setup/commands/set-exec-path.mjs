// @ts-check
// Loaded before a test program in an emulator (`node --import`): the Node that it starts others with is the emulated
// one.
const emulated = process.env["TSLORA_EMULATED_NODE"];
if (emulated !== undefined) process.execPath = emulated;
