// @ts-check
/** The error for packing the clone with npm, and for using such a package. */
exports.NOT_PACKED =
  "tslora cannot be packed by npm yet: the tarball holds neither the compiled package nor the binding to TensorFlow. Use a clone (npm run setup). In it, `npm run pack -- FOLDER` packs the clone with its set-up for another machine.";
