// Plain JavaScript on purpose: this file must parse on any Node, so that a Node too old for the rest gets a
// sentence instead of a syntax error. Loaded with --import before every entry point.
const [major, minor] = process.versions.node.split(".").map(Number);

if (major < 24 || (major === 24 && minor < 12)) {
  console.error(
    `leafd needs Node 24.12 or newer, and this is ${process.version} (${process.execPath}).\n` +
      "From a checkout, `npm ci` installs a fitting Node beside the dependencies on linux-x64 and linux-arm64, and\n" +
      "`npm run` then uses it by itself; on other platforms install Node 24 and put it first on PATH.",
  );
  process.exit(70);
}
