import type { UpOptions } from "@pulumi/pulumi/automation";
import { catalogBesidesLocks } from "../../tools/pins/pins";
import { withPresentPackages } from "../../tools/pins/renew";
import { localBuilder } from "../../tools/services/buildkit";
import { buildLog } from "../../tools/stack/build-logs";
import { builtLayers } from "../../tools/stack/built-layers";
import { catalogSourceOf } from "../../tools/stack/config-files";
import type { Operation, Project } from "./project";

/** An update that writes the locks in the project's folder anew where the archive has dropped what they pin, as `npm start` does. */
export function upWithPresentPackages(
  project: Project,
  options: UpOptions = {},
  tell = (text: string) => void process.stderr.write(`${text}\n`),
): Promise<Operation> {
  const { folder, env, stackName } = project;
  const catalog = () => catalogBesidesLocks(catalogSourceOf(stackName, folder));
  const update = () =>
    project.up(options).catch(async (error: Error) => {
      // Of what a step prints Pulumi leaves out the last lines.
      const logs = await Promise.all(catalog().map(({ name }) => buildLog(name, localBuilder, env, folder)));
      throw new Error([error.message, ...logs].join("\n"), { cause: error });
    });
  const locks = () => ({
    catalog: catalog(),
    builder: localBuilder,
    env,
    built: () => builtLayers(stackName, env, folder),
    report: () => {},
  });
  return withPresentPackages(update, locks, tell);
}
