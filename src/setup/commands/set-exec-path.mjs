// @ts-check
// Loaded before a test program in an emulator (`node --import`): makes it start its children with the emulated Node.
const emulated = process.env["TSLORA_EMULATED_NODE"];
if (emulated !== undefined) process.execPath = emulated;
