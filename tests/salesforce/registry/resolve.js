// Resolves a Salesforce DX project with Salesforce's own library, converts it to metadata format, and prints what came of it.
import { readFile, readdir } from "node:fs/promises";
import { relative } from "node:path";
import sdr from "@salesforce/source-deploy-retrieve";

const [project, output] = process.argv.slice(2);
const { packageDirectories, sourceApiVersion } = JSON.parse(await readFile(`${project}/sfdx-project.json`, "utf8"));
const found = sdr.ComponentSet.fromSource(packageDirectories.map(({ path }) => `${project}/${path}`));
found.sourceApiVersion = sourceApiVersion;
const components = found
  .getSourceComponents()
  .toArray()
  .map((one) => ({ type: one.type.name, name: one.fullName, file: relative(project, one.xml) }));
await new sdr.MetadataConverter().convert(found, "metadata", {
  type: "directory",
  outputDirectory: output,
  genUniqueDir: false,
});
const entries = await readdir(output, { recursive: true, withFileTypes: true });
const files = entries.filter((one) => one.isFile()).map((one) => relative(output, `${one.parentPath ?? one.path}/${one.name}`));
console.log(JSON.stringify({ components, files: files.sort(), manifest: await readFile(`${output}/package.xml`, "utf8") }));
