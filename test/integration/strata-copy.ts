import { cpSync, existsSync, mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { root } from "../../tools/home";
import { home, type Project } from "./project";

export interface Answer {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * `bin/strata` of a test's project, as its user would call it. The verbs take the folder that they lie in for the project, so they
 * are copied into it; tools are this project's own, and services the tests'.
 */
export function strataIn(project: Project): (...args: string[]) => Promise<Answer> {
  for (const name of ["bin", "tools"]) cpSync(join(root, name), join(project.folder, name), { recursive: true });
  const folder = join(project.folder, ".strata");
  mkdirSync(folder, { recursive: true });
  const links = [
    ...["bin", "pulumi"].map((name) => [name, join(root, ".strata", name)]),
    ...["run", "logs", "tls", "docker", "registry-port", "stand-ins.yaml", "passphrase"].map((name) => [
      name,
      join(home.folder, name),
    ]),
    ["state", join(project.folder, "state")],
  ] as const;
  for (const [name, target] of links) {
    if (!existsSync(join(folder, name as string))) symlinkSync(target as string, join(folder, name as string));
  }
  return async (...args) => {
    const { exitCode, stdout, stderr } = await execa(join(project.folder, "bin/strata"), args, {
      cwd: "/",
      env: { ...project.env, NO_COLOR: "1" },
      reject: false,
      timeout: 120_000,
    });
    return { exitCode, stdout, stderr };
  };
}
