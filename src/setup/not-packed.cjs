// @ts-check
/** The sentence for whoever packs the clone by npm, or uses such a package. */
exports.NOT_PACKED =
  "tslora cannot be packed by npm yet: the tarball holds neither the compiled package nor the binding to TensorFlow. Use a clone of it (npm run setup), or `npm run pack -- FOLDER` there, which packs the clone as it is set up for another machine.";
